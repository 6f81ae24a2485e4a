"""A real browser, and a live site in a process of its own that can be stopped, frozen and started again."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = "/usr/bin/chromium"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium of the system, else Playwright's own; closed after each module, because it brings an event loop."""
    with sync_playwright() as playwright:
        path = CHROMIUM if Path(CHROMIUM).exists() else None
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A wide page in a fresh context; whatever the page complains about fails the test."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, timezone_id="Europe/Berlin")
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if "Content Security Policy" in said.text else None)
    yield page
    context.close()
    assert complaints == []


class LiveSite:
    """The site of live_site.py in a process; `url` stays the same over restarts."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.journal = folder / "journal.jsonl"
        self.journal.touch()
        self.environment = {
            **os.environ,
            "LIVE_SITE_BEGAN": str(time.time() - 60),
            "LIVE_SITE_JOURNAL": str(self.journal),
        }
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = [
            sys.executable,
            "-m",
            "uvicorn",
            "tests.look.live_site:app",
            "--port",
            str(self.port),
            "--log-level",
            "error",
        ]
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                return httpx.get(f"{self.url}/progress/", timeout=2).raise_for_status() and None
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError("The live site did not start within 20 s.")

    def kill(self) -> None:
        """Take it away without a word."""
        self.process.kill()
        self.process.wait()

    def freeze(self) -> None:
        """Stop it as a network that swallows everything would."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self.process.send_signal(signal.SIGCONT)

    def break_stream(self, status: int) -> None:
        """Answer streams with this status from now on, and end the ones that are open."""
        httpx.get(f"{self.url}/break/", params={"status": status})

    def asked(self) -> list[dict[str, Any]]:
        """What browsers have asked of the stream and the poll."""
        return [json.loads(line) for line in self.journal.read_text().splitlines()]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[LiveSite]:
    """A live site of this test."""
    site = LiveSite(tmp_path)
    yield site
    site.thaw()
    site.kill()
