"""The README as PyPI shows it: away from its repository, so that every link and picture is absolute.

npm and Construct Hub find relative ones by the package's `repository`; PyPI has nothing to find them by.
"""

import re

FENCE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
# In Markdown an address follows `](` or `]: `; in HTML it is in quotes.
ADDRESS = re.compile(r"(\]\(|^\[[^\]]+\]: |(?:src|srcset|href)=\")([^\s)\"]+)", re.MULTILINE)
SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)
PICTURE = re.compile(r"\.(svg|png|gif|jpe?g|webp)$", re.IGNORECASE)


def absolute(markdown: str, repository: str, version: str) -> str:
    """Return the README with what is relative in it leading to the repository, as the version has it."""
    ref = "main" if version == "0.0.0" else f"v{version}"

    def lead(found: re.Match[str]) -> str:
        before, address = found.groups()
        if SCHEME.match(address):
            return found[0]
        kind = "raw" if PICTURE.search(address) else "blob"
        # PyPI gives headings no ids.
        path = f"README.md{address}" if address.startswith("#") else address
        return f"{before}{repository}/{kind}/{ref}/{path}"

    parts = [part if part.startswith("```") else ADDRESS.sub(lead, part) for part in FENCE.split(markdown)]
    return "".join(parts)


def relative(markdown: str) -> list[str]:
    """Return the addresses that are relative still."""
    prose = FENCE.sub("", markdown)
    return [address for _, address in ADDRESS.findall(prose) if not SCHEME.match(address)]
