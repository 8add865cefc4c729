"""An example deployed as its README says, and by nothing else."""

import re
import shutil
from pathlib import Path

from local.aws import LocalAws
from local.mezmo import MezmoStandIn
from tests.documents.markdown import ROOT, Fence, fences
from tests.examples.terminal import Terminal, is_run
from tests.pipeline.whole_way import KEY, WholeWay


class ReadmeWay(WholeWay):
    """The whole way, from the commands of an example's README to lines at Mezmo.

    Args:
        aws, mezmo: where it is deployed, and where its lines go.
        terminal: where the commands are run.
        example: its name.
        directory: where a copy of the example is put.
        values: what the reader writes for a word in the commands, and in app.py.
    """

    def __init__(
        self,
        aws: LocalAws,
        mezmo: MezmoStandIn,
        terminal: Terminal,
        example: str,
        directory: Path,
        **values: str,
    ) -> None:
        folder = directory / example
        super().__init__(aws, mezmo, "", folder)
        shutil.copytree(ROOT / "examples" / example, folder, ignore=shutil.ignore_patterns("cdk.out"))
        self._terminal = terminal
        self._folder = folder
        self._fences = [fence for fence in fences(f"examples/{example}/README.md") if is_run(fence)]
        self._values = {"<your ingestion key>": KEY, **values}
        self.printed = ""
        app = folder / "app.py"
        app.write_text(self._with_values(app.read_text(encoding="utf-8")), encoding="utf-8")

    def deploy(self, **context: str) -> str:
        """Run all commands but those that destroy; return what they printed."""
        assert not context, "a README has its own"
        for fence in self._fences:
            if not _destroys(fence):
                self._run(fence)
        return self.printed

    def destroy(self) -> str:
        """Run the commands that destroy; return what has been printed."""
        for fence in self._fences:
            if _destroys(fence):
                self._run(fence)
        return self.printed

    def _run(self, fence: Fence) -> None:
        shown = re.search(r"\.FunctionName = (\S+)", self.printed)
        if shown:
            self._values["FUNCTION_NAME"] = shown[1]
        self.printed += self._terminal.run(self._with_values(fence.text), self._folder)

    def _with_values(self, text: str) -> str:
        for word, value in self._values.items():
            text = text.replace(word, value)
        return text


def _destroys(fence: Fence) -> bool:
    return " destroy" in fence.text
