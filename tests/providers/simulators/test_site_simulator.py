"""What customers see follows what the providers were told: hosting first, then flags and cache."""

import pytest

from apps.providers.simulation import Simulators
from tests.providers.simulators.accounts import BEFORE, LaunchDarkly, Vercel, site
from tests.simulators import ask

SMOKE = ["/projects/demo", "/milestones/demo", "/assets/demo/playback", "/share/demo", "/notifications/test"]


@pytest.fixture(autouse=True)
def _no_slowness(simulators: Simulators) -> None:
    simulators.settings("site", slow_ms=0, latency_ms=0)


def roll_back(simulators: Simulators) -> None:
    assert Vercel(simulators).rollback(BEFORE).status == 201
    simulators.advance(8)


def clear_share_pages(simulators: Simulators) -> None:
    token = simulators.describe()["upstash"]["credentials"]["rest_token"]
    keys = [f"share:{number:05d}" for number in range(1284)]
    headers = {"Authorization": f"Bearer {token}"}
    assert ask(simulators.address("upstash"), "POST", headers=headers, data=["UNLINK", *keys]).json()["result"] == 1284


def test_the_broken_release_is_live_at_the_start(simulators: Simulators) -> None:
    health = site(simulators, "/api/health")
    assert (health.status, health.json()["version"]) == (500, "v2.31.0")
    assert health.headers["x-deployment-id"] == "dpl_7Qm2xVtR"
    assert site(simulators, "/share/errors").json()["error_rate"] == 0.34
    assert [site(simulators, path).status for path in SMOKE] == [200, 200, 200, 500, 200]


def test_the_same_link_gives_the_same_answer(simulators: Simulators) -> None:
    first = [site(simulators, f"/share/{n:05d}").status for n in range(12)]
    assert first == [site(simulators, f"/share/{n:05d}").status for n in range(12)]
    assert set(first) == {200, 500}


def test_a_rollback_changes_what_the_site_serves_address_by_address(simulators: Simulators) -> None:
    Vercel(simulators).rollback(BEFORE)
    seen = []
    for _ in range(4):
        seen.append([site(simulators, path).headers["x-version"] for path in ("/", "/share/demo", "/api/health")])
        simulators.advance(2.4)
    assert [versions.count("v2.30.4") for versions in seen] == [0, 0, 1, 3]


def test_the_site_is_healthy_after_rollback_and_cleared_cache(simulators: Simulators) -> None:
    roll_back(simulators)
    assert site(simulators, "/api/health").json() == {
        "status": "ok", "version": "v2.30.4", "deployment": BEFORE, "commit": "4be02aa",
    }  # fmt: skip
    assert site(simulators, "/share/errors").json()["error_rate"] == 0.12
    clear_share_pages(simulators)
    assert site(simulators, "/share/errors").json()["error_rate"] == 0
    assert [site(simulators, path).status for path in SMOKE] == [200] * 5


def test_turning_the_release_flags_off_helps_a_little(simulators: Simulators) -> None:
    flags = LaunchDarkly(simulators)
    for flag in ("new-share-links", "share-signing-v2"):
        assert flags.turn(flag, "turnFlagOff").status == 200
    assert site(simulators, "/share/errors").json()["error_rate"] == 0.25


def test_a_probe_opens_another_link_each_time(simulators: Simulators) -> None:
    statuses = [site(simulators, "/share/probe").status for _ in range(100)]
    assert statuses.count(500) == 34


def test_the_page_for_people_says_version_and_how_many_links_open(simulators: Simulators) -> None:
    before = site(simulators, "/").body.decode()
    assert "v2.31.0" in before
    assert "<b>fails</b>" in before
    roll_back(simulators)
    clear_share_pages(simulators)
    after = site(simulators, "/").body.decode()
    assert "9 of 9 share links open" in after


@pytest.mark.parametrize(("slug", "version"), [("partpulse", "v1.2.0"), ("derrimut", "v3.5.0"), ("pulse", "v1.2.3")])
def test_the_other_customers_are_healthy(simulators: Simulators, slug: str, version: str) -> None:
    health = ask(f"{simulators.address('site')}/{slug}/api/health")
    assert (health.status, health.json()["version"]) == (200, version)


def test_the_index_links_the_sites_and_channels(simulators: Simulators) -> None:
    index = ask(f"http://127.0.0.1:{simulators.port}/").body.decode()
    assert 'href="/site/motion-mavericks/"' in index
    assert 'href="/slack/view/motion-mavericks/incidents"' in index
