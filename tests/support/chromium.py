"""Debian's Chromium, headless, with a virtual authenticator: driven over its DevTools protocol."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

CHROMIUM = shutil.which("chromium")
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--remote-debugging-port=0",
)


class Tab:
    """One page of a browser."""

    def __init__(self, socket: ClientConnection, people: ThreadPoolExecutor) -> None:
        self._socket = socket
        self._number = 0
        self._lock = threading.Lock()
        self._people = people
        self._at_work: list[Future[None]] = []

    def somebody(self, work: Callable[[], None]) -> None:
        """Somebody else does ``work`` at this page meanwhile."""
        self._at_work.append(self._people.submit(work))

    def done(self) -> None:
        """Wait until everybody has done it; raises what kept them from it."""
        for work in self._at_work:
            work.result(60)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """From any thread, one after the other."""
        answer = self._answer(method, parameters)
        assert "error" not in answer, answer
        return dict(answer["result"])

    def _answer(self, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            self._number += 1
            self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
            while True:
                answer: dict[str, Any] = json.loads(self._socket.recv(timeout=30))
                if answer.get("id") == self._number:
                    return answer

    def evaluate(self, script: str) -> Any:
        result = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def go(self, address: str) -> None:
        """Leave the page that is there for this one, and return when it has all that it consists of."""
        self.evaluate("window.left = true")
        self.call("Page.enable")
        self.call("Page.navigate", url=address)
        self.until("!window.left && document.readyState === 'complete'")

    def until(self, script: str) -> None:
        end = time.monotonic() + 30
        while not self._holds(script):
            assert time.monotonic() < end, (script, self.evaluate("document.body.innerText"))
            time.sleep(0.02)

    def _holds(self, script: str) -> bool:
        """False, too, where the page was left while it was asked."""
        answer = self._answer("Runtime.evaluate", {"expression": script, "returnByValue": True})
        return bool(answer.get("result", {}).get("result", {}).get("value"))

    def click(self, identifier: str) -> None:
        self.evaluate(f"document.getElementById('{identifier}').click()")

    def add_authenticator(self, *, verifies: bool = True, transport: str = "usb") -> str:
        self.call("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": transport,
            "hasResidentKey": True,
            "hasUserVerification": verifies,
            "isUserVerified": verifies,
            "automaticPresenceSimulation": True,
        }
        return str(self.call("WebAuthn.addVirtualAuthenticator", options=options)["authenticatorId"])


@contextmanager
def browsing(directory: Path) -> Iterator[Tab]:
    """A browser with an empty profile in ``directory``."""
    assert CHROMIUM is not None, "whoever has none skips"
    process = subprocess.Popen(
        [CHROMIUM, *_FLAGS, f"--user-data-dir={directory}", "about:blank"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        told = directory / "DevToolsActivePort"
        end = time.monotonic() + 60
        while not told.exists() or not told.read_text().strip():
            assert process.poll() is None and time.monotonic() < end, "Chromium does not start"
            time.sleep(0.05)
        port = int(told.read_text().split()[0])
        pages = httpx.get(f"http://127.0.0.1:{port}/json/list", trust_env=False).json()
        address = next(page["webSocketDebuggerUrl"] for page in pages if page["type"] == "page")
        with connect(address, max_size=2**24, proxy=None) as socket, ThreadPoolExecutor() as people:
            tab = Tab(socket, people)
            yield tab
            tab.done()
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
