"""Signatures, against AWS's published vectors and against botocore."""

from urllib.parse import quote

import msgspec
import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth  # type: ignore[import-untyped]  # it ships no types
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]  # it ships no types
from botocore.credentials import Credentials as BotocoreCredentials  # type: ignore[import-untyped]  # it ships no types
from hypothesis import given
from hypothesis import strategies as st

from handler.aws.signature import Credentials, encode_query, sign

EXAMPLE = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
EXAMPLE_TIME = 1440938160.0  # 20150830T123600Z
TOKEN = (
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8Y"
    "UuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE"
    "8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2"
    "ICCR/oLxBA=="
)


def signature(method: str, headers: dict[str, str], *, token: str | None = None) -> str:
    credentials = msgspec.structs.replace(EXAMPLE, session_token=token)
    signed = sign(
        method,
        "/",
        {"Host": "example.amazonaws.com", **headers},
        b"",
        service="service",
        region="us-east-1",
        credentials=credentials,
        now=EXAMPLE_TIME,
    )
    return signed["Authorization"].rpartition("Signature=")[2]


@pytest.mark.parametrize(
    ("method", "headers", "expected"),
    [
        ("GET", {}, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("POST", {}, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        (
            "GET",
            {"My-Header1": " value1", "My-Header2": ' "a   b   c"'},
            "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
        ),
        (
            "POST",
            {"My-Header1": "VALUE1"},
            "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d",
        ),
    ],
    ids=["get-vanilla", "post-vanilla", "get-header-value-trim", "post-header-value-case"],
)
def test_aws_s_published_signatures(method: str, headers: dict[str, str], expected: str) -> None:
    assert signature(method, headers) == expected


def test_aws_s_published_signature_with_a_session_token() -> None:
    assert (
        signature("POST", {}, token=TOKEN)
        == "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"
    )


visible = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=30)
values = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=30)


@given(
    st.binary(max_size=100),
    st.dictionaries(st.from_regex(r"X-[A-Za-z0-9-]{1,9}x", fullmatch=True), values, max_size=4),
    visible,
    st.none() | visible,
)
def test_signatures_are_those_of_botocore(
    body: bytes, headers: dict[str, str], secret: str, token: str | None
) -> None:
    headers = {name.lower(): value for name, value in headers.items()}
    credentials = Credentials("AKIDEXAMPLE", secret, token)
    signed = sign(
        "POST",
        "/",
        {"Host": "ssm.eu-west-3.amazonaws.com", **headers},
        body,
        service="ssm",
        region="eu-west-3",
        credentials=credentials,
        now=EXAMPLE_TIME,
    )
    request = AWSRequest("POST", "https://ssm.eu-west-3.amazonaws.com/", headers=dict(headers), data=body)
    request.context["timestamp"] = signed["X-Amz-Date"]
    request.headers["X-Amz-Date"] = signed["X-Amz-Date"]
    if token:
        request.headers["X-Amz-Security-Token"] = token
    oracle = SigV4Auth(BotocoreCredentials("AKIDEXAMPLE", secret, token), "ssm", "eu-west-3")
    text = oracle.string_to_sign(request, oracle.canonical_request(request))
    assert signed["Authorization"].endswith(f"Signature={oracle.signature(text, request)}")


def test_credentials_do_not_show() -> None:
    assert repr(EXAMPLE) == "Credentials(...)"


@given(
    st.binary(max_size=100),
    st.sampled_from(["GET", "PUT", "DELETE"]),
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0x2FF), min_size=1, max_size=30),
    st.dictionaries(st.sampled_from(["a", "a-b", "list-type"]) | visible, values, max_size=4),
    st.none() | visible,
)
def test_signatures_for_s3_are_those_of_botocore(
    body: bytes, method: str, key: str, query: dict[str, str], token: str | None
) -> None:
    credentials = Credentials("AKIDEXAMPLE", "hidden", token)
    signed = sign(
        method,
        f"/{key}",
        {"Host": "logs.s3.eu-west-3.amazonaws.com"},
        body,
        query=encode_query(query),
        service="s3",
        region="eu-west-3",
        credentials=credentials,
        now=EXAMPLE_TIME,
    )
    address = f"https://logs.s3.eu-west-3.amazonaws.com/{quote(key, safe='/~')}"
    request = AWSRequest(method, address, params=query, data=body)
    request.context["timestamp"] = signed["X-Amz-Date"]
    request.context["payload_signing_enabled"] = True
    for name in ("X-Amz-Date", "X-Amz-Content-Sha256", "X-Amz-Security-Token"):
        if name in signed:
            request.headers[name] = signed[name]
    oracle = S3SigV4Auth(BotocoreCredentials("AKIDEXAMPLE", "hidden", token), "s3", "eu-west-3")
    assert signed["X-Amz-Content-Sha256"] == oracle.payload(request)
    text = oracle.string_to_sign(request, oracle.canonical_request(request))
    assert signed["Authorization"].endswith(f"Signature={oracle.signature(text, request)}")
