"""The ingestion key: read, checked, kept, read again."""

import json
import traceback
from collections.abc import Callable

import pytest

from handler.aws import calls as aws
from handler.delivery.keys import Keys, describe, read_key
from handler.errors import AwsError, KeyUnavailableError
from handler.settings import EnvironmentKey, KeySource, SecretsManagerKey, SsmParameterKey
from tests.handler.doubles import KEY, OTHER_KEY, Clock

SECRET = SecretsManagerKey("MezmoIngestionKey", "LOGDNA_KEY")
WHOLE_SECRET = SecretsManagerKey("MezmoIngestionKey")
PARAMETER = SsmParameterKey("/mezmo/key")
VARIABLE = EnvironmentKey("KEY")


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, object]], None]:
    """Make Secrets Manager and Parameter Store give this answer."""

    def answer_with(answer: dict[str, object]) -> None:
        monkeypatch.setattr(aws, "get_secret_value", lambda *_: answer)
        monkeypatch.setattr(aws, "get_parameter", lambda *_: answer)

    return answer_with


def read(source: KeySource, **environment: str) -> str:
    return read_key(source, 9e9, environment=environment)


def test_from_the_environment_trimmed() -> None:
    assert read(VARIABLE, KEY=f" {KEY}\n") == KEY


def test_from_a_field_of_a_secret(secret: Callable[[dict[str, object]], None]) -> None:
    secret({"SecretString": f'{{"LOGDNA_KEY":"{KEY} ","other":1}}'})
    assert read(SECRET) == KEY


def test_from_a_whole_secret_and_a_parameter(secret: Callable[[dict[str, object]], None]) -> None:
    secret({"SecretString": f"{KEY}\n", "Parameter": {"Value": f"\t{OTHER_KEY}"}})
    assert read(WHOLE_SECRET) == KEY
    assert read(PARAMETER) == OTHER_KEY


HIDDEN = "s3cr3t-value"
OTHERS = f'{{"a":"{HIDDEN}","b":"{HIDDEN}"}}'


@pytest.mark.parametrize(
    ("source", "answer", "says"),
    [
        (SECRET, {"SecretString": OTHERS}, "no field 'LOGDNA_KEY'; its fields are: 'a', 'b'"),
        (SECRET, {"SecretString": "{}"}, "its fields are: none"),
        (SECRET, {"SecretString": HIDDEN}, "is not a JSON object"),
        (SECRET, {"SecretString": f'["{HIDDEN}"]'}, "is not a JSON object"),
        (SECRET, {"SecretString": '{"LOGDNA_KEY":5}'}, "field LOGDNA_KEY is not a string"),
        (SECRET, {"SecretString": '{"LOGDNA_KEY":" "}'}, "field LOGDNA_KEY is empty"),
        (SECRET, {"SecretBinary": HIDDEN}, "holds no text"),
        (WHOLE_SECRET, {"SecretString": ""}, "secret MezmoIngestionKey is empty"),
        (
            WHOLE_SECRET,
            {"SecretString": OTHERS},
            "a JSON object and not a key; name one of its fields: 'a', 'b'",
        ),
        (WHOLE_SECRET, {"SecretString": f"{{{HIDDEN} {HIDDEN}\n"}, "cannot stand in an HTTP header"),
        (WHOLE_SECRET, {"SecretString": f"{HIDDEN}\r\nX: y"}, "cannot stand in an HTTP header"),
        (WHOLE_SECRET, {"SecretString": f"{HIDDEN}é"}, "cannot stand in an HTTP header"),
        (WHOLE_SECRET, {"SecretString": f"{HIDDEN} {HIDDEN}"}, "cannot stand in an HTTP header"),
        (PARAMETER, {"Parameter": {}}, "parameter /mezmo/key holds no text"),
        (PARAMETER, {}, "parameter /mezmo/key holds no text"),
    ],
)
def test_what_is_no_key_is_refused_in_words_without_its_value(
    secret: Callable[[dict[str, object]], None], source: KeySource, answer: dict[str, object], says: str
) -> None:
    secret(answer)
    with pytest.raises(KeyUnavailableError) as error:
        read(source)
    assert str(error.value).startswith("no ingestion key: ")
    assert says in str(error.value)
    assert HIDDEN not in "".join(traceback.format_exception(error.value))


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ([KEY, "a"], "'a' and 1 more"),
        ([f"x{KEY}", "sts_" + "Zz9" * 9, "a b", "a" * 65, ""], "5 not shown"),
        (["abcdef01-2345-6789-abcd-ef0123456789"], "1 not shown"),
        ([f"name_{number:02}" for number in range(13)], "'name_09' and 3 more"),
    ],
)
@pytest.mark.parametrize("source", [SECRET, WHOLE_SECRET])
def test_of_the_fields_only_what_looks_like_a_name_is_shown(
    secret: Callable[[dict[str, object]], None], source: KeySource, names: list[str], says: str
) -> None:
    secret({"SecretString": json.dumps(dict.fromkeys(names, "value"))})
    with pytest.raises(KeyUnavailableError) as error:
        read(source)
    assert str(error.value).endswith(says)
    assert KEY not in "".join(traceback.format_exception(error.value))


def test_a_missing_variable_is_named() -> None:
    with pytest.raises(KeyUnavailableError, match="environment variable KEY is not set"):
        read(VARIABLE)


def test_a_variable_of_invalid_bytes_is_refused_without_its_value() -> None:
    with pytest.raises(KeyUnavailableError) as error:
        read(VARIABLE, KEY="{" + HIDDEN + "\udcff")
    assert HIDDEN not in "".join(traceback.format_exception(error.value))


class Kept:
    """A key in an environment variable, a clock and the warnings."""

    def __init__(self, ttl: float = 1000, chance: float = 0.0) -> None:
        self.clock = Clock(chance)
        self.variables = {"KEY": KEY}
        self.warnings: list[str] = []
        self.keys = Keys(
            VARIABLE, ttl, environment=self.variables, timing=self.clock.timing, warn=self.warnings.append
        )

    def get(self) -> str:
        return self.keys.get(self.clock.now + 5)


def test_a_key_is_kept_for_its_time() -> None:
    kept = Kept()
    assert kept.get() == KEY
    kept.variables["KEY"] = OTHER_KEY
    kept.clock.now += 999
    assert kept.get() == KEY
    kept.clock.now += 1
    assert kept.get() == OTHER_KEY


def test_the_time_has_jitter() -> None:
    kept = Kept(chance=0.5)
    kept.get()
    kept.variables["KEY"] = OTHER_KEY
    kept.clock.now += 949
    assert kept.get() == KEY
    kept.clock.now += 1
    assert kept.get() == OTHER_KEY


def test_the_last_key_stays_when_it_cannot_be_read_again() -> None:
    kept = Kept()
    kept.get()
    kept.variables.clear()
    kept.clock.now += 1000
    assert [kept.get() for _ in range(3)] == [KEY] * 3
    assert len(kept.warnings) == 1  # tried once, and again a minute later
    assert "the last ingestion key stays in use" in kept.warnings[0]
    assert KEY not in kept.warnings[0]
    kept.clock.now += 60
    kept.get()
    assert len(kept.warnings) == 2
    kept.variables["KEY"] = OTHER_KEY
    kept.clock.now += 60
    assert kept.get() == OTHER_KEY


def test_without_any_key_every_invocation_tries() -> None:
    kept = Kept()
    kept.variables.clear()
    for _ in range(2):
        with pytest.raises(KeyUnavailableError):
            kept.get()
    kept.variables["KEY"] = KEY
    assert kept.get() == KEY


def test_reading_ends_by_the_deadline_and_after_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    deadlines: list[float] = []

    def look_up(_id: str, deadline: float, _timing: object) -> dict[str, object]:
        deadlines.append(deadline)
        raise AwsError("throttled")

    monkeypatch.setattr(aws, "get_secret_value", look_up)
    clock = Clock()
    keys = Keys(WHOLE_SECRET, 1, environment={}, timing=clock.timing, warn=print)
    for seconds in (3, 30):
        with pytest.raises(KeyUnavailableError, match="no ingestion key: throttled"):
            keys.get(clock.now + seconds)
    assert deadlines == [clock.now + 3, clock.now + 10]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (SECRET, "secret MezmoIngestionKey, field LOGDNA_KEY"),
        (WHOLE_SECRET, "secret MezmoIngestionKey"),
        (PARAMETER, "parameter /mezmo/key"),
        (VARIABLE, "environment variable KEY"),
    ],
)
def test_a_source_in_words(source: KeySource, words: str) -> None:
    assert describe(source) == words


def test_no_key_in_a_repr() -> None:
    kept = Kept()
    kept.get()
    assert KEY not in repr(kept.keys)
