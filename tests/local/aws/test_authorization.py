"""What a function asks of the local AWS is allowed by its role's policies, or refused."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from local.aws import LocalAws
from tests.local.aws.resources import WRITES_LOGS, Json, invoke, make_bucket, make_function, make_role

CALLER = """
import json, os, urllib.error, urllib.request
def handle(event, context):
    headers = {
        "Authorization": "AWS4-HMAC-SHA256 Credential=%s/20261127/eu-west-3/%s/aws4_request, "
        "SignedHeaders=host, Signature=0" % (os.environ["AWS_ACCESS_KEY_ID"], event["service"]),
        "X-Amz-Security-Token": os.environ["AWS_SESSION_TOKEN"],
        "Content-Type": "application/x-amz-json-1.1",
        **event.get("headers", {}),
    }
    body = json.dumps(event["body"]).encode() if "body" in event else event.get("text", "").encode()
    request = urllib.request.Request(
        os.environ["AWS_ENDPOINT_URL"] + event.get("path", "/"), body or None, headers, method=event["method"]
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return {"status": answer.status, "text": answer.read().decode()}
    except urllib.error.HTTPError as error:
        return {"status": error.code, "text": error.read().decode()}
"""
NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    with LocalAws.from_environment(tmp_path_factory.mktemp("aws"), authorize=True) as aws:
        yield aws


def asks(aws: LocalAws, event: Json, *statements: Json) -> tuple[int, str]:
    """Let a function with these rights ask; return status and text of the answer."""
    name = f"caller-{next(NUMBERS)}"
    role = make_role(aws, name, WRITES_LOGS, *statements)
    make_function(aws, name, {"app.py": CALLER}, Role=role)
    answer, failed = invoke(aws, name, event)
    assert not failed, answer
    return answer["status"], answer["text"]


def allow(action: str, resource: str, **condition: Any) -> Json:
    conditions = {"Condition": {"StringEquals": {"kms:ViaService": condition["via"]}}} if condition else {}
    return {"Effect": "Allow", "Action": action, "Resource": resource, **conditions}


def get_secret(name: str) -> Json:
    target = {"X-Amz-Target": "secretsmanager.GetSecretValue"}
    return {"service": "secretsmanager", "method": "POST", "headers": target, "body": {"SecretId": name}}


def test_a_secret_by_right_by_name_and_with_its_key(aws: LocalAws) -> None:
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    secrets = aws.client("secretsmanager")
    plain = secrets.create_secret(Name="plain", SecretString="value")["ARN"]
    locked = secrets.create_secret(Name="locked", SecretString="value", KmsKeyId=key)["ARN"]
    read = "secretsmanager:GetSecretValue"
    here = "secretsmanager.eu-west-3.amazonaws.com"

    assert asks(aws, get_secret("plain"), allow(read, plain))[0] == 200
    assert asks(aws, get_secret(plain), allow(read, f"{plain[:-6]}??????"))[0] == 200
    for rights in ([], [allow(read, locked)], [allow("secretsmanager:DescribeSecret", plain)]):
        status, text = asks(aws, get_secret("plain"), *rights)
        assert (status >= 400, "AccessDenied" in text) == (True, True)
    through = [allow(read, locked), allow("kms:Decrypt", key, via=here)]
    assert asks(aws, get_secret("locked"), *through)[0] == 200
    for rights in ([], [allow("kms:Decrypt", key, via=here.replace("secretsmanager", "s3"))]):
        status, text = asks(aws, get_secret("locked"), allow(read, locked), *rights)
        assert (status >= 400, "kms:Decrypt" in text) == (True, True)


def test_a_parameter_by_name_by_arn_and_with_its_key(aws: LocalAws) -> None:
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    aws.client("ssm").put_parameter(Name="/a/key", Value="value", Type="SecureString", KeyId=key)
    arn = "arn:aws:ssm:eu-west-3:000000000000:parameter/a/key"
    read = allow("ssm:GetParameter", arn)
    decrypt = allow("kms:Decrypt", key, via="ssm.eu-west-3.amazonaws.com")

    for name in ("/a/key", arn):
        body = {"Name": name, "WithDecryption": True}
        target = {"X-Amz-Target": "AmazonSSM.GetParameter"}
        event = {"service": "ssm", "method": "POST", "headers": target, "body": body}
        assert asks(aws, event, read, decrypt)[0] == 200
        assert "kms:Decrypt" in asks(aws, event, read)[1]
        assert "ssm:GetParameter" in asks(aws, event, decrypt)[1]


def test_an_object_that_is_not_there_is_told_to_who_may_list_only(aws: LocalAws) -> None:
    bucket = make_bucket(aws, "told")
    get = {"service": "s3", "method": "GET", "path": "/told/nothing"}
    read, see = allow("s3:GetObject", f"{bucket}/*"), allow("s3:ListBucket", bucket)

    assert asks(aws, get, read, see)[0] == 404
    assert asks(aws, get, read)[0] == 403
    assert asks(aws, get, see)[0] == 403


def test_an_object_by_its_prefix(aws: LocalAws) -> None:
    bucket = make_bucket(aws, "by-prefix")
    put = {"service": "s3", "method": "PUT", "text": "text"}
    mine = allow("s3:PutObject", f"{bucket}/mine/*")

    assert asks(aws, {**put, "path": "/by-prefix/mine/one"}, mine)[0] == 200
    assert asks(aws, {**put, "path": "/by-prefix/theirs/one"}, mine)[0] == 403


def test_who_is_no_function_is_not_asked(aws: LocalAws) -> None:
    aws.client("s3").put_object(Bucket=make_bucket(aws, "anyone").rpartition(":")[2], Key="one", Body=b"")
