"""Redaction: what the construct writes the handler takes; what that refuses is refused at synthesis."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, CfnParameter, Environment, Stack
from aws_cdk.aws_secretsmanager import Secret

from handler.redaction import rules as redaction_rules
from handler.settings import Redact, Settings, read_settings
from handler.settings import Redaction as Rule
from handler.texts.pattern_syntax import PatternError
from handler.texts.patterns import compile_pattern
from mezmo_forwarder import IngestionKey, MezmoLogForwarder, Redaction, RedactionKeep
from tests.constructs.synthesized import SECRET_ARN, variables

Make = Callable[..., MezmoLogForwarder]

TABLE = json.loads(Path(__file__).parents[2].joinpath("patterns.json").read_text())
KEY_VARIABLE = "MEZMO_FORWARDER_REDACT_HASH_KEY"


def deployed(stack: Stack, **more: str) -> Settings:
    """Return the settings as the handler reads them."""
    return read_settings({**variables(stack), **more})


def test_all_ready_made_rules_are_those_of_the_handler(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder(redact=Redaction.all())

    assert deployed(stack).redact == Redact(tuple(map(Rule, redaction_rules.RULES)))


def test_each_has_a_method_of_its_name(stack: Stack, make_forwarder: Make) -> None:
    rules = redaction_rules.RULES
    make_forwarder(redact=[getattr(Redaction, name.replace("-", "_"))() for name in rules])

    assert deployed(stack).redact == Redact(tuple(map(Rule, rules)))


def test_each_is_in_the_documents() -> None:
    told = Path(__file__).parents[3].joinpath("docs/how-to/redaction.md").read_text(encoding="utf-8")
    names = [name.replace("-", "_") for name in redaction_rules.RULES]

    assert [name for name in names if f"`.{name}()`" not in told] == []


def test_what_stands_in_its_place(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder(
        redact=[
            Redaction.pattern("order", r"ORD-\d{8}", text="ORD-*"),
            Redaction.credit_card(keep=RedactionKeep.LAST_FOUR),
            Redaction.email(keep=RedactionKeep.HASH),
        ],
        redact_hash_key=Secret(stack, "HashKey"),
    )

    key = variables(stack)[KEY_VARIABLE]
    assert "{{resolve:secretsmanager:" in str(key), "the key itself stands nowhere"
    assert deployed(stack, **{KEY_VARIABLE: "key"}).redact == Redact(
        (
            Rule("order", r"ORD-\d{8}", text="ORD-*"),
            Rule("credit-card", keep="last-four"),
            Rule("email", keep="hash"),
        ),
        key_variable=KEY_VARIABLE,
    )
    assert KEY_VARIABLE in variables(stack, redrive=True), "the re-drive makes lines too"


def test_nothing_by_default_or_of_an_empty_list(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder(redact=[])

    assert deployed(stack).redact is None


def test_every_pattern_that_the_handler_takes_is_taken() -> None:
    for pattern in TABLE["taken"]:
        stack = forwarder_with(Redaction.pattern("x", pattern))
        read = deployed(stack, MEZMO_INGESTION_KEY="key").redact
        assert read == Redact((Rule("x", pattern),))


@pytest.mark.parametrize(("pattern", "reason"), TABLE["refused"].items())
def test_every_pattern_that_the_handler_refuses_is_refused_for_the_same_reason(
    pattern: str, reason: str
) -> None:
    with pytest.raises(RuntimeError) as caught:
        forwarder_with(Redaction.pattern("x", pattern))
    text = str(caught.value)
    assert f'redact has the pattern {json.dumps(pattern, ensure_ascii=False)} in its rule "x", which ' in text
    assert reason in text
    with pytest.raises(PatternError) as handlers:
        compile_pattern(pattern)
    remedy = str(handlers.value).rpartition("; ")[2]
    assert f"; {remedy} (at Logs/Forwarder)" in text


def forwarder_with(*redact: Redaction) -> Stack:
    stack = Stack(
        App(context={"aws:cdk:disable-asset-staging": True}, analytics_reporting=False, tree_metadata=False),
        "Logs",
        env=Environment(account="123456789012", region="eu-west-3"),
    )
    secret = Secret.from_secret_complete_arn(stack, "Secret", SECRET_ARN)
    key = IngestionKey.from_secrets_manager(secret)
    MezmoLogForwarder(stack, "Forwarder", ingestion_key=key, redact=[*redact])
    return stack


REFUSED = {
    "no name": (lambda: [Redaction.pattern("", "a")], 'a rule named ""; give a name of up to 40 letters'),
    "a name with a space": (lambda: [Redaction.pattern("a b", "a")], 'a rule named "a b"'),
    "keep and text": (
        lambda: [Redaction.email(keep=RedactionKeep.LAST_FOUR, text="x")],
        'both keep, "last-four", and text, "x", in its rule "email"; leave one out',
    ),
    "a text that JSON escapes": (lambda: [Redaction.email(text='"')], 'the text .* its rule "email"; give'),
    "a text beyond ASCII": (lambda: [Redaction.email(text="é")], "the text .* of ASCII"),
    "a long text": (lambda: [Redaction.email(text="x" * 81)], "up to 80 characters"),
    "a hash without a key": (
        lambda: [Redaction.iban(keep=RedactionKeep.HASH)],
        'redactHashKey is not given, and redact keeps a hash in its rule "iban"; give a secret',
    ),
    "more than fits": (
        lambda: [Redaction.pattern(f"x{number}", "a" * 490) for number in range(9)],
        "environment has .* or the patterns of redact",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("redact", "message"), REFUSED.values(), ids=REFUSED)
def test_refused_at_synthesis(make_forwarder: Make, redact: Callable[[], Any], message: str) -> None:
    with pytest.raises(RuntimeError, match=message):
        make_forwarder(redact=redact())


def test_a_pattern_known_only_at_deployment_is_refused(stack: Stack, make_forwarder: Make) -> None:
    pattern = CfnParameter(stack, "Pattern").value_as_string
    with pytest.raises(RuntimeError, match='known only at deployment, in its rule "x"; give a literal text'):
        make_forwarder(redact=[Redaction.pattern("x", pattern)])
