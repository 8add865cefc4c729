"""What else a role must be allowed where a customer-managed KMS key encrypts; MiniStack asks for nothing.

The services call KMS with the caller's rights, and say so in `kms:ViaService`:
docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import seams

if TYPE_CHECKING:
    from collections.abc import Callable

Need = tuple[str, str, dict[str, str]]
"""An action, a resource, and the keys of conditions."""

_bucket_keys: dict[str, str] = {}


def creating(create: Callable[..., tuple[str, object]]) -> Callable[..., object]:
    """Note the key of a bucket that CloudFormation makes, which MiniStack drops."""

    def create_bucket(logical_id: str, properties: seams.Record, stack_name: str) -> object:
        created = create(logical_id, properties, stack_name)
        encryption = properties.get("BucketEncryption") or {}
        for rule in encryption.get("ServerSideEncryptionConfiguration") or []:
            default = rule.get("ServerSideEncryptionByDefault") or {}
            if default.get("SSEAlgorithm") == "aws:kms" and default.get("KMSMasterKeyID"):
                _bucket_keys[created[0]] = default["KMSMasterKeyID"]
        return created

    return create_bucket


def needs(action: str, resource: str) -> list[Need]:
    """Return what an allowed action needs besides.

    S3's guide, "Using server-side encryption with AWS KMS keys": kms:GenerateDataKey to put, kms:Decrypt to
    get. Secrets Manager's, "Secret encryption and decryption", and Parameter Store's, "AWS KMS encryption for
    SecureString parameters": kms:Decrypt to get.
    """
    if action in {"s3:PutObject", "s3:GetObject"}:
        key = _bucket_keys.get(resource.rpartition(":::")[2].split("/")[0])
        kms_action = "kms:GenerateDataKey" if action == "s3:PutObject" else "kms:Decrypt"
    elif action in {"secretsmanager:GetSecretValue", "ssm:GetParameter"}:
        key, kms_action = seams.kms_key_of(action.split(":", maxsplit=1)[0], resource), "kms:Decrypt"
    else:
        return []
    if key is None:
        return []
    via = f"{action.split(':', maxsplit=1)[0]}.{seams.region()}.amazonaws.com"
    return [(kms_action, key, {"kms:viaservice": via})]
