"""A headless Chromium that tests drive through its debugging pipe: pages, what they log, clicks, sizes, pictures.

The protocol is Chrome's own ("Chrome DevTools Protocol"), messages in JSON that end with a null byte, on two pipes that the
browser finds as files 3 and 4. No driver and no library is needed.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
SECONDS = 30.0  # that an answer may take


def found() -> str | None:
    """The browser's program; None where there is none."""
    if sys.platform == "win32":
        return None
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Browser:
    """A running browser, for a ``with`` block."""

    def __init__(self) -> None:
        program = found()
        assert program is not None
        self._folder = tempfile.TemporaryDirectory(prefix="wengert-browser-", ignore_cleanup_errors=True)
        there, self._write = os.pipe()
        self._read, here = os.pipe()
        options = [
            "--headless=new", "--remote-debugging-pipe", f"--user-data-dir={self._folder.name}", "--no-first-run",
            "--disable-gpu", "--disable-dev-shm-usage", "--disable-extensions", "--disable-background-networking",
            "--no-default-browser-check", "--hide-scrollbars", "--mute-audio",
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
        ]  # fmt: skip
        # A Python puts the pipes where the browser looks for them, and becomes the browser.
        place = "import os, sys; a, b = (os.dup(os.dup(int(n))) for n in sys.argv[1:3]); os.dup2(a, 3); os.dup2(b, 4); "
        place += "os.execv(sys.argv[3], sys.argv[3:])"
        self._process = subprocess.Popen(
            [sys.executable, "-SE", "-c", place, str(there), str(here), program, *options, "about:blank"],
            pass_fds=(there, here),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(there)
        os.close(here)
        self._buffer, self._number = b"", 0
        self.events: list[dict[str, Any]] = []

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: Any) -> None:
        try:
            self.send("Browser.close")
        except (OSError, TimeoutError, RuntimeError):
            self._process.kill()
        self._process.wait(SECONDS)
        os.close(self._write)
        os.close(self._read)
        self._folder.cleanup()

    def send(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        """Call a method of the protocol; its result."""
        self._number += 1
        message = {
            "id": self._number,
            "method": method,
            "params": params,
            **({"sessionId": session} if session else {}),
        }
        os.write(self._write, json.dumps(message).encode() + b"\0")
        number, end = self._number, time.monotonic() + SECONDS
        while True:
            got = self.receive(end - time.monotonic())
            if got.get("id") == number:
                if "error" in got:
                    raise RuntimeError(f"{method}: {got['error']['message']}")
                return got["result"]
            self.events.append(got)

    def receive(self, seconds: float) -> dict[str, Any]:
        """The next message."""
        while b"\0" not in self._buffer:
            if seconds <= 0 or not select.select([self._read], [], [], seconds)[0]:
                raise TimeoutError("the browser does not answer")
            data = os.read(self._read, 1 << 20)
            if not data:
                raise OSError("the browser has ended")
            self._buffer += data
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)

    def page(self, width: int = 1400, height: int = 900, dark: bool = False) -> Page:
        """A new page of some size, in light or dark."""
        return Page(self, width, height, dark)


class Page:
    """A page.

    Attributes:
        troubles: what it logged as an error or a warning, exceptions, and requests that failed.
        requests: the addresses that it asked for.
    """

    def __init__(self, browser: Browser, width: int, height: int, dark: bool) -> None:
        self._browser = browser
        target = browser.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = browser.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")
        self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500
        )
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.send("Emulation.setEmulatedMedia", features=scheme)
        self.troubles: list[str] = []
        self.requests: list[str] = []

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        return self._browser.send(method, self._session, **params)

    def _look(self) -> list[str]:
        """Take in what has happened; the names of the events."""
        mine = [e for e in self._browser.events if e.get("sessionId") == self._session]
        self._browser.events = [e for e in self._browser.events if e.get("sessionId") != self._session]
        for e in mine:
            method, p = e["method"], e["params"]
            if method == "Log.entryAdded" and p["entry"]["level"] in ("error", "warning"):
                self.troubles.append(f"{p['entry']['text']} {p['entry'].get('url', '')}")
            elif method == "Runtime.exceptionThrown":
                self.troubles.append(json.dumps(p["exceptionDetails"])[:500])
            elif method == "Runtime.consoleAPICalled" and p["type"] in ("error", "warning", "assert"):
                self.troubles.append(" ".join(str(a.get("value", a.get("description"))) for a in p["args"]))
            elif method == "Network.loadingFailed" and not p.get("canceled"):
                self.troubles.append(f"{p['errorText']} ({p['type']})")
            elif method == "Network.requestWillBeSent":
                self.requests.append(p["request"]["url"])
        return [e["method"] for e in mine]

    def open(self, path: Path, fragment: str = "") -> Page:
        """Load a file and wait until it is there, with all that it loads."""
        self._look()
        self.send("Page.navigate", url=path.resolve().as_uri() + fragment)
        self._wait_for_load()
        return self

    def _wait_for_load(self) -> None:
        end = time.monotonic() + SECONDS
        while "Page.loadEventFired" not in self._look():
            self._browser.events.append(self._browser.receive(end - time.monotonic()))

    def run(self, script: str) -> Any:
        """The value of an expression of JavaScript, promises awaited."""
        got = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True, userGesture=True)
        if "exceptionDetails" in got:
            raise RuntimeError(got["exceptionDetails"].get("exception", {}).get("description", script))
        self._look()
        return got["result"].get("value")

    def until(self, script: str) -> Any:
        """Wait until an expression is true; its value."""
        end = time.monotonic() + SECONDS
        while not (value := self.run(script)):
            if time.monotonic() > end:
                raise TimeoutError(f"never true: {script}")
            time.sleep(0.05)
        return value

    def click(self, selector: str, follow: bool = False) -> None:
        """Click in the middle of the first element, as a mouse does; `follow`: it leads to another page."""
        script = f"""(() => {{ const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView({{block: "center", behavior: "instant"}});
            const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; }})()"""
        x, y = self.run(script)
        self._look()
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            button = {} if kind == "mouseMoved" else {"button": "left", "clickCount": 1}
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, **button)
        if follow:
            self._wait_for_load()

    def type(self, text: str, enter: bool = False) -> None:
        """Type into what has the focus; `enter` leads to another page."""
        self.send("Input.insertText", text=text)
        if enter:
            self._look()
            for kind in ("keyDown", "keyUp"):
                self.send(
                    "Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", windowsVirtualKeyCode=13, text="\r"
                )
            self._wait_for_load()

    def picture(self, path: Path, whole: bool = False) -> None:
        """A PNG of what is seen, or of the whole page."""
        data = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        path.write_bytes(base64.b64decode(data))

    def close(self) -> None:
        self.send("Page.close")
