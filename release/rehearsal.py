"""A release of this commit, to the end but for the registries."""

import dataclasses
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from release import changelog
from release.artefacts import clone, pack
from release.checks import check
from release.plan import plan
from release.proposal import turn
from release.publishing import try_publishers
from release.versions import FIRST, Change, Version, last_release
from tests.languages.building import LANGUAGES, PYTHON, Application


def rehearse(dist: Path | None) -> int:
    """Turn the CHANGELOG, pack, check, install, publish dry; return 1 if it is not fit."""
    with ExitStack() as held:
        scratch = Path(held.enter_context(tempfile.TemporaryDirectory()))
        packed = (dist or scratch / "dist").resolve()
        version = version_to_rehearse()
        say(f"version {version}")
        with clone() as tree:
            if changelog.newest(changelog.read(tree)) != version:
                turn(version, tree)
            pack(version, tree, packed)
        say("notes of the release")
        print((packed / "notes.md").read_text(encoding="utf-8"))
        say("what is in it")
        if check(packed):
            return 1
        say("an application in each language, from the artefacts")
        install_all(version, packed, scratch)
        say("publishing")
        try_publishers(version, packed)
    say(f"{version} is fit to be released")
    return 0


def version_to_rehearse() -> Version:
    """Return what would be released now; where no commit asks for a release, the next patch."""
    planned, last = plan(), last_release()
    return planned.release or planned.propose or (last.after(Change.FIX) if last else FIRST)


def install_all(version: Version, packed: Path, scratch: Path) -> None:
    """Install what was packed as users of each language do, and compare what their applications make.

    Raises:
        ValueError: one makes another template.

    """
    expected: dict[str, Any] = {}
    for language in [PYTHON, *(one for one in LANGUAGES if one is not PYTHON)]:
        if missing := language.missing():
            print(f"{language.name}: not tried, no {' and no '.join(missing)} on this machine", flush=True)
            continue
        # It is packed; and Maven's application names the version that the tests pack.
        named = f"test ! -f pom.xml || sed -i 's|<version>0.0.0<|<version>{version}<|' pom.xml"
        ready = dataclasses.replace(language, pack="true", build=[named, *language.build])
        application = Application(ready, scratch / language.name, packed)
        application.build()
        template = application.synthesize()
        expected = expected or template
        if template != expected:
            raise ValueError(f"{language.name}'s template is not Python's: see {application.directory}")
        print(f"{language.name}: {sum(application.times.values()):.0f} s, template as Python's", flush=True)


def say(text: str) -> None:
    """Show where we are."""
    print(f"\n== {text}", flush=True)
