"""The Mux simulator answers as Mux's own libraries expect: assets, playback ids, and the stream's statuses."""

import base64
from typing import Any

import pytest

from apps.providers.simulation import Simulators
from tests.simulators import Answer, ask

Get = Any


def basic(word: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(word.encode()).decode()}"}


@pytest.fixture
def get(simulators: Simulators) -> Get:
    """Ask the API as Motion Mavericks."""

    def asked(path: str, organisation: str = "motion-mavericks") -> Answer:
        word = f"mux-token-{organisation}:mux-simulated-secret-{organisation}"
        return ask(f"{simulators.address('mux')}/video/v1{path}", headers=basic(word))

    return asked


def test_assets_are_listed_newest_first_with_a_cursor(get: Get) -> None:
    first = get("/assets?limit=3").json()
    assert [one["id"] for one in first["data"]] == ["MOTIONMAPreparing", "MOTIONMAErrored", "MOTIONMASigned"]
    rest = get(f"/assets?limit=3&cursor={first['next_cursor']}").json()
    assert ([one["id"] for one in rest["data"]], rest["next_cursor"]) == (["MOTIONMAReady"], None)


def test_an_asset_has_tracks_only_when_it_is_ready(get: Get, simulators: Simulators) -> None:
    before = get("/assets/MOTIONMAPreparing").json()["data"]
    assert (before["status"], before["progress"]["state"], "tracks" in before) == ("preparing", "transcoding", False)
    simulators.advance(601)
    after = get("/assets/MOTIONMAPreparing").json()["data"]
    assert (after["status"], after["duration"], "tracks" in after) == ("ready", 61.25, True)
    assert get("/assets/MOTIONMAErrored").json()["data"]["errors"]["messages"]


def test_an_environment_sees_only_its_own(get: Get) -> None:
    assert get("/assets/MOTIONMAReady").status == 200
    refused = get("/assets/MOTIONMAReady", organisation="partpulse")
    assert (refused.status, refused.json()["error"]["type"]) == (404, "not_found")


def test_a_playback_id_tells_what_it_belongs_to(get: Get) -> None:
    assert get("/playback-ids/MOTIONMALivePlay").json()["data"]["object"] == {
        "type": "live_stream",
        "id": "MOTIONMALive",
    }
    assert get("/playback-ids/MOTIONMASignedPlay").json()["data"]["policy"] == "signed"
    assert get("/assets/MOTIONMAReady/playback-ids/MOTIONMAReadyPlay").json()["data"]["policy"] == "public"


@pytest.mark.parametrize("word", ["", "nobody:knows", "mux-token-motion-mavericks:wrong"])
def test_a_wrong_token_is_401(word: str, simulators: Simulators) -> None:
    refused = ask(f"{simulators.address('mux')}/video/v1/assets", headers=basic(word))
    assert (refused.status, refused.json()["error"]["type"]) == (401, "unauthorized")


@pytest.mark.parametrize(
    ("playback_id", "status"),
    [
        ("MOTIONMAReadyPlay", 200),
        ("MOTIONMASignedPlay", 403),
        ("MOTIONMAReady", 404),
        ("MOTIONMAPreparingPlay", 412),
        ("MOTIONMALivePlay", 412),
        ("bad-id!", 400),
    ],
)
def test_the_stream_answers_by_what_the_playback_id_is(playback_id: str, status: int, simulators: Simulators) -> None:
    given = ask(f"{simulators.address('mux')}/{playback_id}.m3u8")
    assert given.status == status
    assert (given.body.startswith(b"#EXTM3U"), "authorization" in given.headers) == (status == 200, False)


def test_the_rate_window_is_told(get: Get, simulators: Simulators) -> None:
    assert get("/assets").headers["x-ratelimit-limit"] == "50"
    simulators.fault("status", slug="mux", status=429, reads=True)
    assert get("/assets").headers["x-ratelimit-remaining"] == "0"
