# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A real headless browser, driven over the WebDriver protocol with nothing but urllib."""

from __future__ import annotations

import base64
import json
from pathlib import Path
import re
import shutil
import subprocess
from types import TracebackType
from typing import Any
import urllib.error
import urllib.request

import pytest

BROWSERS = ('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable')
OPTIONS = ('--headless=new', '--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu',
           '--hide-scrollbars', '--force-prefers-reduced-motion')
TIMEOUT_S = 60


class Browser:
    """Chromium through its driver; skips the calling test where they are not installed."""

    def __init__(self) -> None:
        driver = shutil.which('chromedriver')
        binary = next(filter(None, map(shutil.which, BROWSERS)), None)
        if driver is None or binary is None:
            pytest.skip('needs a headless browser: apt-get install chromium chromium-driver')
        self._process = subprocess.Popen(
            [driver, '--port=0'], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            self._base = f'http://127.0.0.1:{self._port()}'
            capabilities = {'browserName': 'chrome', 'goog:loggingPrefs': {'browser': 'ALL'},
                            'goog:chromeOptions': {'binary': binary, 'args': list(OPTIONS)}}
            answer = self._call('POST', '/session',
                                {'capabilities': {'alwaysMatch': capabilities}})
            self._base += f'/session/{answer["sessionId"]}'
        except BaseException:
            self._process.kill()
            self._process.wait()
            raise

    def _port(self) -> int:
        """Read on which port the driver listens; it says so."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            found = re.search(r'started successfully on port (\d+)', line)
            if found:
                return int(found.group(1))
        raise RuntimeError('chromedriver ended before it listened')

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._base + path, data, method=method, headers={
            'Content-Type': 'application/json'})
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
                return json.load(answer)['value']
        except urllib.error.HTTPError as error:
            raise RuntimeError(error.read().decode()[:500]) from error

    def load(
        self, path: Path, *, width: int = 1280, height: int = 900, dark: bool = False
    ) -> None:
        """Load a file in a window of this size."""
        self._devtools('Emulation.setDeviceMetricsOverride', width=width, height=height,
                       deviceScaleFactor=1, mobile=False)
        self._devtools('Emulation.setEmulatedMedia', features=[
            {'name': 'prefers-color-scheme', 'value': 'dark' if dark else 'light'}])
        self._call('POST', '/url', {'url': path.resolve().as_uri()})

    def run(self, script: str) -> Any:
        """Run a function body in the page and return its value."""
        return self._call('POST', '/execute/sync', {'script': script, 'args': []})

    def console(self) -> list[str]:
        """Messages of the console since the last call."""
        return [entry['message'] for entry in self._call('POST', '/se/log', {'type': 'browser'})]

    def screenshot(self, path: Path, *, whole: bool = False) -> None:
        """Write a PNG of the window, or of the whole page."""
        value = self._devtools('Page.captureScreenshot', captureBeyondViewport=whole, **(
            {'clip': {'x': 0, 'y': 0, 'scale': 1, 'width': self.run('return innerWidth'),
                      'height': self.run('return document.body.scrollHeight')}} if whole else {}))
        path.write_bytes(base64.b64decode(value['data']))

    def _devtools(self, command: str, **parameters: Any) -> Any:
        return self._call('POST', '/goog/cdp/execute', {'cmd': command, 'params': parameters})

    def close(self) -> None:
        """End the browser and its driver."""
        try:
            self._call('DELETE', '')
        finally:
            self._process.terminate()
            self._process.wait(timeout=TIMEOUT_S)

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
