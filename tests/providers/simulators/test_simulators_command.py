"""`python -m apps.providers.simulation`: what it prints, what it needs, and how it refuses."""

import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from apps.providers.simulation import Simulators, SimulatorsDown, run
from apps.providers.simulation.registry import BUILT_IN
from apps.providers.simulation.running import ROOT
from tests.simulators import ask

MEMORY_LIMIT_KB = 60 * 1024


def command(*arguments: str) -> "subprocess.CompletedProcess[str]":
    words = [sys.executable, "-m", "apps.providers.simulation", *arguments]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=30)


def test_describe_prints_what_a_connection_takes_and_ends() -> None:
    world = json.loads(command("--port", "9100", "--describe").stdout)
    assert set(world) == set(BUILT_IN)
    assert world["vercel"]["base_url"] == "http://127.0.0.1:9100/vercel"
    assert world["vercel"]["settings"] == {"project_id": "prj_portal", "team_id": "team_motion"}
    for described in world.values():
        assert {"base_url", "settings", "credentials", "objects"} <= set(described)
        assert set(described["organisations"]) == {"motion-mavericks", "partpulse", "derrimut", "pulse"}


def test_the_described_world_uses_the_names_of_the_contract() -> None:
    world = json.loads(command("--port", "9100", "--describe").stdout)
    names = {slug: (set(w["settings"]), set(w["credentials"])) for slug, w in world.items()}
    assert names["launchdarkly"] == ({"project_key", "environment_key"}, {"token"})
    assert names["upstash"] == (set(), {"rest_token"})
    assert names["slack"] == ({"channel"}, {"bot_token", "signing_secret"})
    assert names["pagerduty"] == ({"service_id", "from_email"}, {"api_token", "routing_key"})
    assert names["http"] == (set(), {"headers"})


def test_a_taken_port_is_one_sentence_and_a_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = command("--port", str(port))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"Port {port} on 127.0.0.1 is taken." in done.stderr


def test_a_folder_that_cannot_be_used_is_one_sentence_and_a_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    done = command("--port", "0", "--data-dir", str(tmp_path / "file"))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "choose another folder" in done.stderr


def test_neither_django_nor_a_database_is_needed() -> None:
    program = (
        "import sys; from apps.providers.simulation import registry; registry.simulators();"
        "from apps.providers.simulation import serving;"
        "print(sorted(name for name in ('django', 'psycopg', 'celery', 'httpx') if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.stdout.strip() == "[]", done.stderr


def test_each_line_names_slug_prefix_and_root_between_tabs() -> None:
    with run() as simulators:
        for slug in BUILT_IN:
            assert simulators.address(slug) == f"http://127.0.0.1:{simulators.port}/{slug}"
            assert re.fullmatch(r"http://127\.0\.0\.1:\d+", simulators.root_address(slug))
        assert len({simulators.root_address(slug) for slug in BUILT_IN}) == len(BUILT_IN)


@pytest.mark.skipif(
    not Path("/proc/self/smaps_rollup").exists(), reason="Only Linux tells a process's share of memory."
)
def test_the_process_is_small() -> None:
    with run() as simulators:
        for slug in BUILT_IN:
            ask(simulators.address(slug))
        rollup = Path(f"/proc/{simulators.pid}/smaps_rollup").read_text()
    share = int(re.search(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE)[1])  # type: ignore[index]
    assert share < MEMORY_LIMIT_KB


def test_the_control_door_takes_json_only_and_names_what_it_does_not_know(simulators: Simulators) -> None:
    door = f"http://127.0.0.1:{simulators.port}/_control"
    assert ask(f"{door}/reset", "POST", headers={"Content-Type": "text/plain"}, body=b"{}").status == 415
    assert ask(f"{door}/nothing").status == 404
    with pytest.raises(SimulatorsDown, match="has no setting"):
        simulators.settings("vercel", colour="red")
    with pytest.raises(SimulatorsDown, match="knows no deed"):
        simulators.do("vercel", "dance")
    assert ask(f"http://127.0.0.1:{simulators.port}/nobody/x").status == 404


def test_a_body_that_is_no_json_is_refused_in_each_providers_own_words(simulators: Simulators) -> None:
    world = simulators.describe()
    calls = {
        "vercel": ("PATCH", "/v9/projects/portal", f"Bearer {world['vercel']['credentials']['token']}"),
        "launchdarkly": (
            "PATCH",
            "/api/v2/flags/portal/new-share-links",
            world["launchdarkly"]["credentials"]["token"],
        ),
        "upstash": ("POST", "/", f"Bearer {world['upstash']['credentials']['rest_token']}"),
        "pagerduty": ("POST", "/v2/enqueue", ""),
        "http": ("PATCH", "/admin/feature-flags", world["http"]["credentials"]["headers"]["Authorization"]),
    }
    for slug, (method, path, authorization) in calls.items():
        headers = {"Authorization": authorization, "Content-Type": "application/json"}
        answer = ask(f"{simulators.address(slug)}{path}", method, headers=headers, body=b'{"a": ')
        assert answer.status == 400, slug
        assert answer.json(), slug


def test_the_flag_api_sets_all_flags_or_none(simulators: Simulators) -> None:
    headers = simulators.describe()["http"]["credentials"]["headers"]
    url = f"{simulators.address('http')}/admin/feature-flags"
    assert ask(url).status == 401
    mixed = {"splitViewLayout": {"enabled": False}, "unknown": {"enabled": False}}
    assert ask(url, "PATCH", headers=headers, data=mixed).status == 422
    assert ask(url, headers=headers).json()["splitViewLayout"] == {"enabled": True}
    good = {"splitViewLayout": {"enabled": False}, "aiSummarization": {"enabled": False}}
    assert ask(url, "PATCH", headers=headers, data=good).status == 200
    assert ask(url, headers=headers).json()["aiSummarization"] == {"enabled": False}
    assert len(simulators.effects("http")) == 1


def test_an_incident_is_shown_in_the_browser(simulators: Simulators) -> None:
    index = ask(f"{simulators.address('pagerduty')}/view/motion-mavericks/incidents").body.decode()
    name = re.search(r'href="\.\./(\w+)"', index)[1]  # type: ignore[index]
    assert "Share links fail" in ask(f"{simulators.address('pagerduty')}/view/{name}").body.decode()
