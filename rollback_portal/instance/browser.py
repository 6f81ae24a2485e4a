"""Finds a Chromium for the browser tests, or installs one where it may; they are never skipped."""

import os
import shutil
import subprocess
import sys

from rollback_portal.instance.speaking import Trouble, say

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
ASK_PLAYWRIGHT = (
    "from playwright.sync_api import sync_playwright\n"
    "with sync_playwright() as playwright: print(playwright.chromium.executable_path)"
)
HOW = (
    "the browser tests need Chromium, and it could not be installed here: install it as your system does "
    '(on Debian "apt-get install chromium") or set CHROMIUM to its path, then start again. No test was run.'
)


def chromium() -> str:
    """Return the path of a Chromium that runs, installing one if need be. Raises Trouble if it cannot."""
    if given := os.environ.get("CHROMIUM"):
        if _runs(given):
            return given
        raise Trouble(f"CHROMIUM is set to {given}, which does not run. No test was run.")
    for find in (_on_the_machine, _playwrights, _from_debian, _from_playwright):
        if (found := find()) and _runs(found):
            return found
    raise Trouble(HOW)


def _on_the_machine() -> str | None:
    return next((place for name in NAMES if (place := shutil.which(name))), None)


def _playwrights() -> str | None:
    asked = subprocess.run([sys.executable, "-c", ASK_PLAYWRIGHT], capture_output=True, text=True)
    return asked.stdout.strip() or None


def _from_debian() -> str | None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    say("Installing Chromium for the browser tests (apt-get) …")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update"], ["apt-get", "install", "-y", "chromium"]):
        if subprocess.run(command, env=quiet, stdin=subprocess.DEVNULL, stdout=sys.stderr).returncode:
            say("apt-get could not do it.")
            return None
    return _on_the_machine()


def _from_playwright() -> str | None:
    say("Installing Playwright's own Chromium for the browser tests …")
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], stdout=sys.stderr)
    return _playwrights()


def _runs(path: str) -> bool:
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=30).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
