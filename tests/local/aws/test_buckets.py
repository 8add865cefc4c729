"""The local AWS refuses requests to S3 that AWS refuses."""

import base64
import hashlib
import urllib.error
import urllib.request
from typing import Any

import pytest

from local.aws import LocalAws
from tests.local.aws.resources import Json, make_bucket


@pytest.fixture(scope="module")
def aws(aws: LocalAws) -> LocalAws:
    make_bucket(aws, "bucket")
    return aws


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("put_object", {"Key": "new", "Body": b"new"}),
        ("get_object", {"Key": "kept"}),
        ("head_object", {"Key": "kept"}),
        ("delete_object", {"Key": "kept"}),
        ("delete_objects", {"Delete": {"Objects": [{"Key": "kept"}]}}),
        ("list_objects_v2", {}),
    ],
)
def test_a_bucket_of_another_owner_than_expected_is_not_touched(
    aws: LocalAws, operation: str, arguments: Json
) -> None:
    storage = aws.client("s3")
    storage.put_object(Bucket="bucket", Key="kept", Body=b"")

    def request(owner: str) -> Any:
        return getattr(storage, operation)(Bucket="bucket", ExpectedBucketOwner=owner, **arguments)

    with pytest.raises(storage.exceptions.ClientError) as error:
        request("111111111111")
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    # What answers HEAD has no body to say more in.
    assert error.value.response["Error"]["Code"] in {"AccessDenied", "403"}
    assert [item["Key"] for item in storage.list_objects_v2(Bucket="bucket")["Contents"]] == ["kept"]
    request("000000000000")
    storage.delete_object(Bucket="bucket", Key="new")


DELETION = b"<Delete><Object><Key>doomed</Key></Object></Delete>"
NO_DIGEST = "Missing required header for this request: Content-MD5 OR x-amz-checksum-*"


def digest(algorithm: str, body: bytes) -> str:
    return base64.b64encode(hashlib.new(algorithm, body).digest()).decode()


@pytest.mark.parametrize(
    ("headers", "refusal"),
    [
        ({}, NO_DIGEST),
        ({"Content-MD5": digest("md5", b"other")}, "<Code>BadDigest</Code>"),
        ({"x-amz-checksum-sha256": digest("sha256", b"other")}, "<Code>BadDigest</Code>"),
        ({"Content-MD5": digest("md5", DELETION)}, None),
        ({"x-amz-checksum-sha256": digest("sha256", DELETION)}, None),
    ],
)
def test_a_deletion_of_many_needs_a_digest_of_itself(
    aws: LocalAws, headers: dict[str, str], refusal: str | None
) -> None:
    storage = aws.client("s3")
    storage.put_object(Bucket="bucket", Key="doomed", Body=b"")
    request = urllib.request.Request(
        f"{aws.endpoint_url}/bucket?delete", data=DELETION, headers=headers, method="POST"
    )
    if refusal is None:
        with urllib.request.urlopen(request) as answer:
            assert b"<Key>doomed</Key>" in answer.read()
    else:
        with pytest.raises(urllib.error.HTTPError) as error:
            urllib.request.urlopen(request)
        assert error.value.code == 400
        assert refusal in error.value.read().decode()
        error.value.close()
    left = storage.list_objects_v2(Bucket="bucket", Prefix="doomed").get("Contents", [])
    assert bool(left) is (refusal is not None)
