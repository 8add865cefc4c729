"""Try every link that leads out of the repository.

    python3 tools/dev.py run python -m tests.documents.external_links

For a machine that reaches the internet: the release workflow, not the tests. Exits 1 if an address does not
exist. What refuses programs, or does not answer today, is named and is no failure.
"""

import http.client
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Literal
from urllib.parse import urlsplit

from tests.documents.markdown import documents, links

Verdict = Literal["there", "not there", "cannot tell"]
SECONDS = 30
NOT_THERE = {404, 410}


def external(document: str) -> list[str]:
    """Return the links of a document that lead out of the repository."""
    return [link for link in links(document) if urlsplit(link).scheme]


def verdict(address: str) -> Verdict:
    """Ask for an address."""
    # Some answer only what calls itself a browser.
    request = urllib.request.Request(address, headers={"User-Agent": "Mozilla/5.0 (link check)"})
    try:
        with urllib.request.urlopen(request, timeout=SECONDS):
            return "there"
    except urllib.error.HTTPError as error:
        return "not there" if error.code in NOT_THERE else "cannot tell"
    except urllib.error.URLError as error:
        unknown = "Name or service not known" in str(error) or "No address associated" in str(error)
        return "not there" if unknown else "cannot tell"
    except (OSError, http.client.HTTPException):
        return "cannot tell"


def main() -> int:
    """Try all; return the exit code."""
    where: dict[str, list[str]] = {}
    for document in documents():
        for link in external(document):
            if link.startswith("http"):
                where.setdefault(link.partition("#")[0], []).append(document)
    with ThreadPoolExecutor(8) as pool:
        verdicts = dict(zip(where, pool.map(verdict, where), strict=True))
    for address, found in verdicts.items():
        if found != "there":
            print(f"{found:12} {address}  ({', '.join(sorted(set(where[address])))})")
    print(f"{len(verdicts)} addresses, {sum(found == 'there' for found in verdicts.values())} there")
    return 1 if "not there" in verdicts.values() else 0


if __name__ == "__main__":
    sys.exit(main())
