"""A key that is looked for wherever it must not be, in the forms in which it may hide."""

import base64
import re
import zlib
from urllib.parse import quote

CANARY = "0c4a4a2b1e5d4f6f8a7b9c0d1e2f3a4b"
PASSWORD = "ca:na/ry+pass word"


def holds(data: bytes | str, secret: str = CANARY) -> bool:
    """Tell whether something holds the secret: as it is, encoded, or inside of gzip data."""
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    return any(form in raw.lower() for form in forms(secret)) or any(
        holds(part, secret) for part in unpacked(raw)
    )


def forms(secret: str) -> set[bytes]:
    """Return how a secret may be written, in lower case."""
    raw = secret.encode()
    shifted = (base64.b64encode(b"x" * shift + raw)[4:-4] for shift in range(3))
    return {form.lower() for form in (raw, quote(secret, safe="").encode(), raw.hex().encode(), *shifted)}


def unpacked(raw: bytes) -> list[bytes]:
    """Return what the gzip members hold that some bytes are, or that some base64 in them is."""
    found = []
    while raw.startswith(b"\x1f\x8b"):
        member = zlib.decompressobj(31)
        found.append(member.decompress(raw))
        raw = member.unused_data
    found += [
        part
        for text in re.findall(rb"H4sI[A-Za-z0-9+/]*=*", raw)  # gzip data in base64
        for part in unpacked(base64.b64decode(text))
    ]
    return found
