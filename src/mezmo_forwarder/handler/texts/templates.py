"""Small templates over recognized names, such as `{cluster}/{container}`."""

import re
from collections.abc import Mapping

_NAME = re.compile(r"\{([a-z_]+)\}")


def fill(template: str, names: Mapping[str, str]) -> str | None:
    """Return the text, with each name in braces replaced; None if one of them is not recognized."""
    if "{" not in template:
        return template
    try:
        return _NAME.sub(lambda found: names[found[1]], template)
    except KeyError:
        return None
