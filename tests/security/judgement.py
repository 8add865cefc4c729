"""What the packs find that are not answered for the user: `python -m tests.security.judgement`."""

import tempfile
from pathlib import Path
from typing import Any

from aws_cdk import App, Environment, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk.aws_logs import LogGroup
from aws_cdk.aws_secretsmanager import Secret

from mezmo_forwarder import IngestionKey, MezmoLogForwarder
from tests.security.findings import nag
from tests.security.options import ACCOUNT, REGION, SECRET_ARN

DOCUMENT = Path(__file__).resolve().parents[2] / "SECURITY.md"
BEGIN = "<!-- written by `python -m tests.security.judgement` -->\n"
END = "<!-- end -->\n"

PACKS = ("NIST.800.53.R5", "HIPAA.Security")

REMARKS = {
    "CloudWatchLogGroupEncrypted": "`encryption_key`",
    "IAMNoInlinePolicy": "each role has one policy, which belongs to it alone and goes with it",
    "LambdaConcurrency": "`reserved_concurrent_executions`; the re-drive is one at a time by its lease",
    "LambdaDLQ": "what Lambda gives up goes to the bucket, by an on-failure destination instead",
    "LambdaInsideVPC": "`vpc`",
    "S3BucketLoggingEnabled": "bring a bucket that has it: `UndeliveredStore.from_bucket`",
    "S3BucketReplicationEnabled": "bring a bucket that has it; objects lie there only until Mezmo takes them",
    "S3BucketVersioningEnabled": "bring a bucket that has it; a version keeps what was delivered and deleted",
    "S3DefaultEncryptionKMS": "`encryption_key`",
}


def document() -> str:
    """Return the section."""
    with tempfile.TemporaryDirectory() as outdir:
        plain, locked = found(outdir)
    lines = [
        "| rule | packs | by default | with every option | remedy, or why it is so |",
        "|---|---|---|---|---|",
    ]
    for rule in sorted(plain | locked):
        packs = [pack.partition(".")[0] for pack in PACKS if pack in plain.get(rule, locked.get(rule, {}))]
        places = [where(one.get(rule, {})) for one in (plain, locked)]
        lines.append(f"| {rule} | {', '.join(packs)} | {places[0]} | {places[1]} | {REMARKS[rule]} |")
    return "\n".join([*lines, ""])


def where(by_pack: dict[str, set[str]]) -> str:
    """Return the resources, in words."""
    return ", ".join(sorted(set().union(*by_pack.values())))


Places = dict[str, dict[str, set[str]]]  # of a rule, by pack, the resources


def found(outdir: str) -> list[Places]:
    """Return what is found in a forwarder with defaults, and in one with every option of this page."""
    app = App(outdir=outdir, context={"aws:cdk:disable-asset-staging": True}, analytics_reporting=False)
    stacks = {
        name: Stack(app, name, env=Environment(account=ACCOUNT, region=REGION))
        for name in ("Plain", "Locked")
    }
    forwarder(stacks["Plain"])
    locked = stacks["Locked"]
    forwarder(
        locked,
        encryption_key=kms.Key.from_key_arn(locked, "Key", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"),
        vpc=ec2.Vpc.from_vpc_attributes(
            locked,
            "Vpc",
            vpc_id="vpc-01234567",
            availability_zones=["a"],
            private_subnet_ids=["subnet-01234567"],
        ),
        reserved_concurrent_executions=10,
    )
    app.synth()
    by_stack: dict[str, Places] = {"Plain": {}, "Locked": {}}
    for pack in PACKS:
        for path, rules in nag(app, pack).items():
            stack, _, place = path.partition("/Forwarder/")
            for rule in rules:
                by_pack = by_stack[stack].setdefault(rule.removeprefix(f"{pack}-"), {})
                by_pack.setdefault(pack, set()).add(place)
    return list(by_stack.values())


def forwarder(stack: Stack, **properties: Any) -> None:
    """Make a forwarder with one subscription."""
    secret = Secret.from_secret_complete_arn(stack, "Secret", SECRET_ARN)
    key = IngestionKey.from_secrets_manager(secret, field="LOGDNA_KEY")
    made = MezmoLogForwarder(stack, "Forwarder", ingestion_key=key, **properties)
    made.subscribe(LogGroup.from_log_group_name(stack, "App", "/aws/ecs/app"))


def section() -> str:
    """Return what SECURITY.md has."""
    return DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]


if __name__ == "__main__":
    text = DOCUMENT.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    DOCUMENT.write_text(before + BEGIN + document() + END + rest.partition(END)[2], encoding="utf-8")
