"""A headless Chromium, asked by its own protocol through a pipe: no driver, no port, no package."""

import json
import os
import select
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge", "chrome")
SECONDS = 60


def find() -> str | None:
    """Return the program; None where there is none. The variable `MEZMO_DEV_BROWSER` may name it."""
    named = os.environ.get("MEZMO_DEV_BROWSER")
    return named or next((found for name in NAMES if (found := shutil.which(name))), None)


class Browser:
    """One tab.

    `requests` are the addresses that it asked for, `complaints` what it wrote to its console or refused.
    """

    def __init__(self, to: int, from_: int) -> None:
        self._to, self._from = to, from_
        self._pending = b""
        self._number = 0
        self._session: str | None = None
        self._events: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """Call a method of the protocol and return its result."""
        self._number += 1
        message: dict[str, object] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._to, data) :]
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer["error"]
                result: dict[str, Any] = answer["result"]
                return result
            self._events.append(answer)

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._pending:
            assert select.select([self._from], [], [], SECONDS)[0], f"no answer in {SECONDS} seconds"
            part = os.read(self._from, 1 << 20)
            assert part, "the browser has ended"
            self._pending += part
        message, _, self._pending = self._pending.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found

    def open(self, path: Path) -> None:
        """Open a file and wait until its first rows are there."""
        self._events.clear()
        self.call("Page.navigate", url=path.as_uri())
        self.evaluate(
            "new Promise(done => { const look = () => document.body && 'ready' in document.body.dataset"
            " ? done() : setTimeout(look, 20); look(); })"
        )

    def evaluate(self, expression: str) -> Any:
        """Return what an expression of JavaScript comes to, a promise's value included."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True, userGesture=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def press(self, key: str, code: int) -> None:
        """Press a key; `code` is its number in Windows."""
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        more: Mapping[str, object] = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        self.call("Input.dispatchKeyEvent", type="keyDown", **more, **({"text": text} if text else {}))
        self.call("Input.dispatchKeyEvent", type="keyUp", **more)

    def look(self, *, dark: bool = False, width: int = 1440, height: int = 900) -> None:
        """Set the colour scheme that the user prefers, and the size of the window in pixels."""
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.call("Emulation.setEmulatedMedia", features=features)
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip

    @property
    def requests(self) -> list[str]:
        """The addresses asked for since the page was opened."""
        return [
            event["params"]["request"]["url"]
            for event in self._events
            if event.get("method") == "Network.requestWillBeSent"
        ]

    @property
    def complaints(self) -> list[str]:
        """What the page threw, wrote to the console, or was refused since it was opened."""
        self.evaluate("new Promise(done => setTimeout(done, 0))")
        methods = (
            "Runtime.exceptionThrown",
            "Log.entryAdded",
            "Runtime.consoleAPICalled",
            "Page.javascriptDialogOpening",
        )
        return [json.dumps(event["params"]) for event in self._events if event.get("method") in methods]


@contextmanager
def start(program: str) -> Iterator[Browser]:
    """Run a browser for as long as the block lasts."""
    theirs_in, to = os.pipe()
    from_, theirs_out = os.pipe()

    def place() -> None:  # where the protocol wants them
        first, second = os.dup(theirs_in), os.dup(theirs_out)
        os.dup2(first, 3)
        os.dup2(second, 4)

    with tempfile.TemporaryDirectory(prefix="mezmo-browser-", ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [
                program, "--headless", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu",
                "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--hide-scrollbars", f"--user-data-dir={profile}",
            ],
            pass_fds=(3, 4), preexec_fn=place,  # noqa: PLW1509  no threads here
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(theirs_in)
        os.close(theirs_out)
        try:
            yield Browser(to, from_)
        finally:
            os.close(to)
            os.close(from_)
            process.terminate()
            try:
                process.wait(SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
