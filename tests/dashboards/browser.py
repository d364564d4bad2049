"""A headless Chromium, driven over its DevTools protocol through a pipe: no driver program and no library beside Python's.

    with Browser() as browser:
        page = browser.open(path)
        page.wait_for("document.querySelector('#plot .main-svg') !== null")
        page.type_into("#filter", "duodiff")
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

PATIENCE = 60.0  # seconds; a busy machine draws slowly


class Browser:
    def __enter__(self) -> Browser:
        self.folder = tempfile.mkdtemp(prefix="diffbench_browser")
        theirs_in, self.out = os.pipe()
        self.into, theirs_out = os.pipe()
        # Chromium reads commands from descriptor 3 and answers on 4
        command = ["bash", "-c", f'exec "$0" "$@" 3<&{theirs_in} 4>&{theirs_out}', "chromium", "--headless", "--no-sandbox", "--remote-debugging-pipe",
                   "--disable-dev-shm-usage", "--enable-unsafe-swiftshader", f"--user-data-dir={self.folder}"]
        self.process = subprocess.Popen(command, pass_fds=(theirs_in, theirs_out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(theirs_in)
        os.close(theirs_out)
        self.read, self.last = b"", 0
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self._send({"id": 0, "method": "Browser.close"})  # rather than a signal: its children end too, and leave the folder alone
        try:
            self.process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.out)
        os.close(self.into)
        shutil.rmtree(self.folder, ignore_errors=True)

    def call(self, method: str, session: str | None = None, **parameters: object) -> dict:
        self.last += 1
        message = {"id": self.last, "method": method, "params": parameters} | ({"sessionId": session} if session else {})
        self._send(message)
        while True:  # events come between
            answer = json.loads(self._message())
            if answer.get("id") == self.last:
                assert "error" not in answer, answer
                return answer["result"]

    def _send(self, message: dict) -> None:
        os.write(self.out, json.dumps(message).encode() + b"\0")

    def _message(self) -> bytes:
        until = time.monotonic() + PATIENCE
        while b"\0" not in self.read:
            ready, _, _ = select.select([self.into], [], [], max(0.0, until - time.monotonic()))
            piece = os.read(self.into, 1 << 20) if ready else b""
            assert piece, "the browser does not answer"
            self.read += piece
        message, _, self.read = self.read.partition(b"\0")
        return message

    def open(self, path: Path, width: int = 1400, height: int = 1600) -> Page:
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        page = Page(self, self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"])
        page.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        page.call("Page.navigate", url=path.resolve().as_uri())
        page.wait_for("document.readyState === 'complete'")
        return page


class Page:
    def __init__(self, browser: Browser, session: str) -> None:
        self.browser, self.session = browser, session

    def call(self, method: str, **parameters: object) -> dict:
        return self.browser.call(method, self.session, **parameters)

    def value(self, expression: str) -> object:
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait_for(self, expression: str) -> None:
        until = time.monotonic() + PATIENCE
        while not self.value(expression):
            assert time.monotonic() < until, f"never came true: {expression}"
            time.sleep(0.05)

    def middle_of(self, selector: str) -> tuple[float, float]:
        box = f"(() => {{ const box = document.querySelector({json.dumps(selector)}).getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; }})()"
        x, y = self.value(box)
        return x, y

    def move_to(self, x: float, y: float) -> None:
        for step in (3.0, 0.0):  # plotly wants to see the pointer move
            self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x - step, y=y)

    def click(self, selector: str) -> None:
        x, y = self.middle_of(selector)
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def type_into(self, selector: str, text: str) -> None:
        self.click(selector)
        self.call("Input.insertText", text=text)

    def choose(self, selector: str, value: str) -> None:
        """In a select, as the keyboard would."""
        self.value(f"(() => {{ const of = document.querySelector({json.dumps(selector)}); of.value = {json.dumps(value)}; of.dispatchEvent(new Event('change')); }})()")

    def save_picture(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", captureBeyondViewport=True)["data"]))
