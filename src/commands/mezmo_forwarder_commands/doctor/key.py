"""The ingestion key: whether it can be read, looks like one, and is one of Mezmo's. It is never shown."""

import re
from collections.abc import Iterator

from handler.delivery.keys import TOKEN_PREFIXES, describe, key_of, read_key
from handler.errors import KeyUnavailableError
from handler.settings import EnvironmentKey, SecretsManagerKey, Settings

from . import mezmo_probe
from .calls import CallError
from .deployment import Deployment
from .findings import Answer, broken, ok, unknown, warning

_SHAPE = re.compile(r"[0-9a-fA-F]{32}")
# Where a vendor's code takes its key from.
_VENDOR_VARIABLES = ("LOGDNA_KEY", "INGESTION_KEY")


def readable(deployment: Deployment) -> Iterator[Answer]:
    """Whether the key is where the settings say, as the handler reads it, and of the shape of one."""
    settings = deployment.known_settings
    if settings is None:
        yield from _of_a_vendor(deployment)
        return
    where = describe(settings.key)
    try:
        key = _read(deployment, settings)
    except KeyUnavailableError as error:
        yield broken(
            str(error),
            "put the key there, or name where it is in ingestion_key and deploy; until then all is stored",
        )
        return
    except CallError as error:
        if error.absent:
            yield broken(
                f"there is no {where} in {deployment.calls.region}",
                "make it there, or name another in ingestion_key and deploy",
            )
            return
        if error.code == "InvalidRequestException":  # as a secret that is scheduled for deletion
            yield broken(
                f"the {where} cannot be read: {error.message}",
                "aws secretsmanager restore-secret, if it is scheduled for deletion",
            )
            return
        raise
    if key.startswith(TOKEN_PREFIXES):
        yield warning(
            f"the {where} begins with {key[:4]}: it is an access token and not an ingestion key",
            "take an ingestion key from Mezmo's page of them",
        )
    elif settings.destination.kind == "log-analysis" and not _SHAPE.fullmatch(key):
        yield warning(
            f"the {where} is not 32 hexadecimal digits, as all of Mezmo's ingestion keys are that we know of",
            "compare it with Mezmo's page of ingestion keys; CDK fills a new secret with a random password",
        )
    else:
        yield ok(f"it can be read: {where}")


def accepted(deployment: Deployment, *, offline: bool) -> Iterator[Answer]:
    """Whether Mezmo takes the key, asked from here and without sending a line."""
    settings = deployment.known_settings
    if settings is None:
        yield unknown("without our handler's settings it is not known where and how the key is sent")
    elif offline:
        yield unknown("Mezmo was not asked", "leave --offline out")
    elif settings.destination.kind != "log-analysis":
        yield unknown(
            "a Pipeline may take any request for a line, so that it was not asked", "add --send-test-line"
        )
    else:
        try:
            key = _read(deployment, settings)
        except (KeyUnavailableError, CallError):
            yield unknown("the key was not read")
            return
        yield mezmo_probe.ask(settings.destination.url, key)


def _read(deployment: Deployment, settings: Settings) -> str:
    """Read the key with the user's credentials, and check it as the handler does.

    Raises:
        KeyUnavailableError: it is not a key; the text never holds it.
        CallError: it cannot be read.
    """
    source = settings.key
    if isinstance(source, EnvironmentKey):
        return read_key(source, 0, environment=deployment.function.environment)
    if isinstance(source, SecretsManagerKey):
        answer = deployment.calls.call("secretsmanager", "get_secret_value", SecretId=source.id)
    else:
        answer = deployment.calls.call("ssm", "get_parameter", Name=source.id, WithDecryption=True)
    return key_of(answer, source)


def _of_a_vendor(deployment: Deployment) -> Iterator[Answer]:
    environment = deployment.function.environment
    variable = next((name for name in _VENDOR_VARIABLES if name in environment), None)
    if deployment.runs_our_handler:
        yield unknown("the settings are not to be read, so it is not known where the key is")
    elif variable is None:
        yield unknown("it is not known which variable of the vendor's code holds the key")
    else:
        try:
            read_key(EnvironmentKey(variable), 0, environment=environment)
        except KeyUnavailableError as error:
            yield broken(str(error), "put the key into the secret and deploy again")
        else:
            yield ok(f"it stands in the function's environment: {variable}")
