"""A headless Chromium, driven over the pipe of its DevTools protocol: what a person sees and does.

The protocol is JSON with a zero byte after each message (Chrome DevTools Protocol, domains Target,
Runtime, Page, Input, Emulation, Network and Log). Tests skip where there is no Chromium.
"""

import base64
import json
import os
import queue
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lab import environment

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_OPTIONS = (
    "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu",
    "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
    "--mute-audio", "--lang=en-US", "--force-color-profile=srgb",
)  # fmt: skip
_PATIENCE_SECONDS = 30.0
_KEYS = {"Enter": ("\r", 13), "Escape": ("", 27), "Tab": ("", 9)}


def chromium() -> str:
    """Return the path of a Chromium; skip the test if there is none."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(
            f"no Chromium on PATH ({', '.join(NAMES)}); Debian has one: apt install chromium"
        )
    return found


class Browser:
    """One process of Chromium."""

    def __init__(self, folder: Path) -> None:
        here_in, out = os.pipe()
        into, here_out = os.pipe()
        command = [chromium(), *_OPTIONS, f"--user-data-dir={folder}", "about:blank"]
        # Chromium reads from descriptor 3 and writes to 4.
        shell = ["bash", "-c", f'exec "$@" 3<&{into} 4>&{out}', "bash", *command]
        self._process = subprocess.Popen(
            shell,
            pass_fds=(into, out),
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(into)
        os.close(out)
        self._in, self._out = here_in, here_out
        self._number = 0
        self._answers: queue.Queue[dict[str, Any]] = queue.Queue()
        self.events: list[dict[str, Any]] = []
        threading.Thread(target=self._read, daemon=True).start()

    def call(self, method: str, session: str = "", **params: Any) -> dict[str, Any]:
        """Call a method of the protocol and return its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._answers.get(timeout=_PATIENCE_SECONDS)
            if answer["id"] == self._number:
                assert "error" not in answer, (method, answer)
                result: dict[str, Any] = answer["result"]
                return result

    def page(self, url: str, width: int = 1280, height: int = 800) -> "Page":
        """Open a page."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        page = Page(self, attached["sessionId"])
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.call(f"{domain}.enable")
        page.resize(width, height)
        page.go(url)
        return page

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
        os.close(self._out)

    def _read(self) -> None:
        rest = b""
        while True:
            try:
                chunk = os.read(self._in, 1 << 20)
            except OSError:
                return
            if not chunk:
                return
            *whole, rest = (rest + chunk).split(b"\0")
            for text in whole:
                message = json.loads(text)
                if "id" in message:
                    self._answers.put(message)
                else:
                    self.events.append(message)


class Page:
    """One page, as a person has it in front of them."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser = browser
        self._session = session

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a method of the protocol for this page."""
        return self._browser.call(method, self._session, **params)

    def go(self, url: str) -> None:
        """Go to an address."""
        self.call("Page.navigate", url=url)

    def resize(self, width: int, height: int, scale: float = 1) -> None:
        """Take another size of window."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=scale, mobile=False,
        )  # fmt: skip

    def prefer(self, scheme: str) -> None:
        """Prefer a colour scheme: ``light`` or ``dark``."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", features=features)

    def run(self, script: str) -> Any:
        """Return the value of an expression of JavaScript."""
        answer = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, (script, answer["exceptionDetails"])
        return answer["result"].get("value")

    def wait(self, script: str, seconds: float = _PATIENCE_SECONDS) -> None:
        """Wait until an expression is true."""
        end = time.monotonic() + seconds
        while not self.run(f"(() => {{ try {{ return Boolean({script}) }} catch {{ }} }})()"):
            assert time.monotonic() < end, f"{script} did not come true\n{self.text()}"
            time.sleep(0.02)

    def wait_for(self, text: str, seconds: float = _PATIENCE_SECONDS) -> None:
        """Wait until the page shows a text."""
        self.wait(f"document.body.innerText.includes({json.dumps(text)})", seconds)

    def text(self) -> str:
        """Return what the page shows."""
        return str(self.run("document.body.innerText"))

    def click(self, selector: str, text: str = "") -> None:
        """Click the first element of a selector that shows a text."""
        found = (
            f"[...document.querySelectorAll({json.dumps(selector)})]"
            f".find((e) => e.textContent.includes({json.dumps(text)}))"
        )
        # In one step: a list that is alive may be drawn anew between two.
        click = "e.scrollIntoView({block: 'center'}), e.click(), true"
        self.wait(f"((e) => e && ({click}))({found})")

    def fill(self, selector: str, text: str) -> None:
        """Replace what a field holds, as typing does."""
        found = f"document.querySelector({json.dumps(selector)})"
        self.wait(f"((e) => e && (e.focus(), e.select(), true))({found})")
        self.call("Input.insertText", text=text)

    def press(self, key: str) -> None:
        """Press a key."""
        text, code = _KEYS.get(key, (key, ord(key[0].upper())))
        common = {"key": key, "windowsVirtualKeyCode": code}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **common)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def picture(self, path: Path) -> None:
        """Write what is seen to a file."""
        data = self.call("Page.captureScreenshot", format="png", optimizeForSpeed=False)["data"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(data))

    def errors(self) -> list[str]:
        """Return the errors of the page's console."""
        found = []
        for event in self._own_events():
            params = event["params"]
            match event["method"]:
                case "Runtime.exceptionThrown":
                    found.append(json.dumps(params["exceptionDetails"]))
                case "Runtime.consoleAPICalled" if params["type"] in {"error", "assert"}:
                    found.append(json.dumps(params["args"]))
                case "Log.entryAdded" if params["entry"]["level"] == "error":
                    found.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")
        return found

    def requested(self) -> list[str]:
        """Return the addresses that the page asked for."""
        return [
            str(event["params"]["request"]["url"])
            for event in self._own_events()
            if event["method"] == "Network.requestWillBeSent"
        ]

    def _own_events(self) -> Iterator[dict[str, Any]]:
        return (e for e in list(self._browser.events) if e.get("sessionId") == self._session)


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """Run a Chromium for as long as the block takes; skip the test if there is none."""
    found = Browser(folder)
    try:
        yield found
    finally:
        found.close()
