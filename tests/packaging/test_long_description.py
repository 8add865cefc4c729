"""The README on PyPI's page: nothing in it is relative to a repository that is not there."""

import pytest
from long_description import absolute, relative

HOME = "https://github.com/o/r"
ADDRESSES = {
    "[costs](docs/costs.md)": "[costs](https://github.com/o/r/blob/v1.2.3/docs/costs.md)",
    "[`[0]`](docs/costs.md#a)": "[`[0]`](https://github.com/o/r/blob/v1.2.3/docs/costs.md#a)",
    "[below](#redaction)": "[below](https://github.com/o/r/blob/v1.2.3/README.md#redaction)",
    "![p](docs/a.svg)": "![p](https://github.com/o/r/raw/v1.2.3/docs/a.svg)",
    "[![p](a.png)](b.md)": "[![p](https://github.com/o/r/raw/v1.2.3/a.png)](https://github.com/o/r/blob/v1.2.3/b.md)",
    '<img src="a.svg">': '<img src="https://github.com/o/r/raw/v1.2.3/a.svg">',
    '<source srcset="a-dark.svg">': '<source srcset="https://github.com/o/r/raw/v1.2.3/a-dark.svg">',
    "[1]: docs/costs.md": "[1]: https://github.com/o/r/blob/v1.2.3/docs/costs.md",
}
AS_THEY_ARE = ["[m](https://mezmo.com)", "[m](mailto:a@example.com)", "a[b] (c)", "```python\na[b](c)\n```"]


@pytest.mark.parametrize(("written", "shown"), ADDRESSES.items(), ids=ADDRESSES)
def test_an_address_leads_to_the_versions_tree(written: str, shown: str) -> None:
    assert relative(written)
    assert absolute(f"{written}\n", HOME, "1.2.3") == f"{shown}\n"
    assert relative(shown) == []


@pytest.mark.parametrize("written", AS_THEY_ARE)
def test_what_stays(written: str) -> None:
    assert absolute(written, HOME, "1.2.3") == written
    assert relative(written) == []


def test_before_a_release_it_leads_to_main() -> None:
    assert absolute("[c](c.md)", HOME, "0.0.0") == "[c](https://github.com/o/r/blob/main/c.md)"
