"""The commands of docker-compose.yml, run one after the other as the containers would, without Docker.

Only what Docker itself provides is replaced: the addresses of the servers, the published port, and /tmp.
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from rollback_portal.instance.places import ROOT
from tests.instance.conftest import data_directory
from tests.instance.test_ports import a_free_port
from tests.instance.watching import Driven, eventually

SERVICES = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
IMAGES_COMMAND = re.findall(r'"([^"]+)"', (ROOT / "Dockerfile").read_text().splitlines()[-1])
GIVEN = re.compile(r"\$\{(\w+)(?::[-?]((?:[^{}]|\$\{[^}]*\})*))?\}")


class Compose:
    """The services' commands and environments, with Docker's part filled in."""

    def __init__(self, folder: Path, addresses: dict[str, str], secrets: dict[str, str], port: int) -> None:
        self.folder, self.port = folder, port
        self._addresses, self._secrets = addresses, {**secrets, "PORTAL_PORT": str(port)}

    def environment(self, name: str) -> dict[str, str]:
        said = SERVICES[name]["environment"]
        filled = {key: GIVEN.sub(self._fill, str(value)) for key, value in said.items()}
        ours = {key: value for key, value in self._addresses.items() if key in said}
        basics = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        return {**basics, **filled, **ours, "PORTAL_DATA_DIR": str(self.folder)}

    def _fill(self, found: re.Match[str]) -> str:
        given = self._secrets.get(found[1])
        return given if given is not None else GIVEN.sub(self._fill, found[2] or "")

    def command(self, name: str) -> list[str]:
        words = SERVICES[name].get("command", IMAGES_COMMAND)
        return [self._here(word) for word in words]

    def health(self, name: str) -> list[str]:
        return [self._here(word) for word in SERVICES[name]["healthcheck"]["test"][1:]]

    def _here(self, word: str) -> str:
        if word == "python":
            return sys.executable
        return word.replace("8000", str(self.port)).replace("/tmp/", f"{self.folder}/")

    def run(self, name: str, command: list[str]) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(command, cwd=ROOT, env=self.environment(name), capture_output=True, text=True, timeout=60)

    def start(self, name: str) -> "subprocess.Popen[bytes]":
        with (self.folder / f"{name}.log").open("wb") as log:
            return subprocess.Popen(self.command(name), cwd=ROOT, env=self.environment(name), stdout=log, stderr=log)


@pytest.fixture
def compose(plain_environment: dict[str, str], tmp_path: Path) -> Iterator[Compose]:
    made = subprocess.run([ROOT / "bin" / "secrets"], capture_output=True, text=True, check=True).stdout
    secrets = dict(line.split("=", 1) for line in made.splitlines())
    with data_directory() as data, Driven("databases", data, plain_environment) as driven:
        yield Compose(tmp_path, driven.said, secrets, a_free_port())


@pytest.mark.slow
def test_the_services_run_become_healthy_and_stop(compose: Compose) -> None:
    prepared = compose.run("prepare", compose.command("prepare"))
    assert prepared.returncode == 0, prepared.stderr
    started = {name: compose.start(name) for name in ("web", "worker", "beat")}
    try:
        for name in ("web", "worker"):
            told = eventually(lambda name=name: healthy(compose, name), within=60, what=f"health of {name}")
            assert told
        assert started["beat"].poll() is None, (compose.folder / "beat.log").read_text()
    finally:
        began = time.monotonic()
        for process in started.values():
            process.send_signal(signal.SIGTERM)
        for process in started.values():
            process.wait(20)
    assert time.monotonic() - began < 10
    assert "Cold shutdown" in (compose.folder / "worker.log").read_text(), "SIGTERM was not taken for SIGQUIT"


def healthy(compose: Compose, name: str) -> bool:
    return compose.run(name, compose.health(name)).returncode == 0
