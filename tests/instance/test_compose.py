"""docker-compose.yml, as far as it can be checked without Docker: its shape, its references, its commands.

The file as a whole was checked against the JSON schema of the Compose specification when it was written;
the schema is not ours to keep here, so the words that it allows are named for the parts that we use.
"""

import os
import re
import subprocess
import sys
from typing import Any

import pytest
import yaml

from rollback_portal.instance.keys import MAKERS
from rollback_portal.instance.places import ROOT

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("prepare", "web", "worker", "beat")
ALLOWED = {
    *("build", "cap_drop", "command", "configs", "depends_on", "environment", "healthcheck", "image", "init"),
    *("ports", "read_only", "restart", "security_opt", "shm_size", "stop_grace_period", "stop_signal"),
    *("tmpfs", "volumes"),
}
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}


def test_every_service_has_only_keys_of_the_specification() -> None:
    assert set(COMPOSE) - {"name", "services", "volumes", "configs"} == {"x-portal", "x-environment"}
    for name, service in SERVICES.items():
        assert set(service) <= ALLOWED, name
        assert set(service.get("healthcheck", {})) <= {
            "test",
            "interval",
            "timeout",
            "retries",
            "start_period",
        }


def test_what_is_referred_to_exists() -> None:
    for service in SERVICES.values():
        for other, how in service.get("depends_on", {}).items():
            assert other in SERVICES
            assert how["condition"] in CONDITIONS
            if how["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[other]
        for volume in service.get("volumes", []):
            assert volume.split(":")[0] in COMPOSE["volumes"]
        for config in service.get("configs", []):
            assert config["source"] in COMPOSE["configs"]


def test_the_services_are_those_that_were_promised() -> None:
    assert {"web", "worker", "beat", "postgres", "valkey"} <= set(SERVICES)
    assert SERVICES["postgres"]["image"] == "postgres:18"
    assert SERVICES["valkey"]["image"] == "valkey/valkey:9"
    assert all("healthcheck" in SERVICES[name] for name in ("web", "worker", "postgres", "valkey"))


@pytest.mark.parametrize("name", OURS)
def test_our_containers_can_change_little(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]


def test_the_image_runs_as_an_ordinary_user() -> None:
    users = re.findall(r"^USER (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert users == ["10001:10001"]


def test_only_the_preparation_may_change_tables() -> None:
    may = [name for name in OURS if "DATABASE_OWNER_URL" in SERVICES[name]["environment"]]
    assert may == ["prepare"]


def test_a_worker_has_time_to_end_its_step() -> None:
    assert SERVICES["worker"]["stop_grace_period"] == "330s"
    assert SERVICES["worker"]["environment"]["REMAP_SIGTERM"] == "SIGQUIT"


def test_no_secret_has_a_default() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    for name in (*MAKERS, "POSTGRES_PASSWORD"):
        uses = re.findall(rf"(?<!\$)\$\{{{name}(.{{2}})", text)
        assert uses, name
        assert set(uses) == {":?"}, name


def test_every_secret_is_made_by_the_script_that_the_file_names() -> None:
    made = subprocess.run([ROOT / "bin" / "secrets"], capture_output=True, text=True, check=True).stdout
    named = dict(line.split("=", 1) for line in made.splitlines())
    assert set(named) == {*MAKERS, "POSTGRES_PASSWORD"}
    assert all(len(value) >= 40 for value in named.values())


@pytest.mark.parametrize("name", ["worker", "beat"])
def test_celery_takes_the_arguments(name: str) -> None:
    command = SERVICES[name]["command"]
    verb = command.index(name)
    known = run([*command[1 : verb + 1], "--help"]).stdout
    for argument in command[verb + 1 :]:
        assert argument.partition("=")[0] in known


def test_uvicorn_takes_the_images_command() -> None:
    command = re.findall(r'"([^"]+)"', (ROOT / "Dockerfile").read_text().splitlines()[-1])
    known = run(["-m", "uvicorn", "--help"]).stdout
    for argument in command:
        assert not argument.startswith("--") or argument in known


@pytest.mark.parametrize(
    "command",
    [
        SERVICES["prepare"]["command"],
        SERVICES["worker"]["healthcheck"]["test"][1:],
        ["python", "manage.py", "setup-link"],
    ],
    ids=["prepare", "worker's health", "setup-link"],
)
def test_django_knows_the_commands(command: list[str]) -> None:
    told = run([*command[1:], "--help"])
    assert told.returncode == 0, told.stderr
    assert all(word in told.stdout for word in command[3:])


def run(arguments: list[str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, env=dict(os.environ), capture_output=True, text=True)
