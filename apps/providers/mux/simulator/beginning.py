"""The Mux environments at the first start, and how to connect to them."""

from typing import Any

from ...simulation.organisations import ORGANISATIONS, Organisation
from ...simulation.world import State, habits


def token(organisation: Organisation) -> tuple[str, str]:
    """Id and secret of an organisation's access token."""
    return f"mux-token-{organisation.slug}", f"mux-simulated-secret-{organisation.slug}"


def signing_key_id(organisation: Organisation) -> str:
    """The id of an organisation's signing key."""
    return f"muxkey{organisation.key[:8]}"


def start(epoch: float) -> State:
    """An environment with assets in every state and an idle live stream for every organisation."""
    return {
        "simulation": habits(stream_status=0, rendition_status=0, ready_after=600),
        "tokens": {":".join(token(o)): o.slug for o in ORGANISATIONS},
        "signing_keys": {signing_key_id(o): o.slug for o in ORGANISATIONS},
        "environments": {o.slug: _environment(o, epoch) for o in ORGANISATIONS},
    }


def describe(state: State) -> dict[str, Any]:
    """Settings, credentials and objects; the first organisation's at the top."""
    each = {}
    for o in ORGANISATIONS:
        found = state["environments"][o.slug]
        playback = {key: one["id"] for key, asset in found["assets"].items() for one in asset["playback_ids"]}
        each[o.slug] = {
            "settings": {},
            "credentials": dict(zip(("token_id", "token_secret"), token(o), strict=True)),
            "objects": {"assets": playback, "live": found["live"]["playback_id"], "signing_key_id": signing_key_id(o)},
        }
    return {**each[ORGANISATIONS[0].slug], "organisations": each}


def _environment(organisation: Organisation, epoch: float) -> dict[str, Any]:
    key = organisation.key[:8]
    made = [
        _asset(f"{key}Ready", "ready", epoch - 86_400, "public"),
        _asset(f"{key}Signed", "ready", epoch - 43_200, "signed"),
        _asset(f"{key}Preparing", "preparing", epoch, "public"),
        _asset(f"{key}Errored", "errored", epoch - 3_600, "public"),
    ]
    live = {"id": f"{key}Live", "playback_id": f"{key}LivePlay", "status": "idle"}
    return {"assets": {asset["id"]: asset for asset in made}, "live": live}


def _asset(key: str, status: str, at: float, policy: str) -> dict[str, Any]:
    asset: dict[str, Any] = {
        "id": key, "status": status, "created_at": str(int(at)), "at": at, "video_quality": "basic", "test": False,
        "playback_ids": [{"id": f"{key}Play", "policy": policy}], "max_resolution_tier": "1080p",
        "mp4_support": "none", "master_access": "none", "ingest_type": "on_demand_url",
    }  # fmt: skip
    if status == "errored":
        asset["errors"] = {"type": "invalid_input", "messages": ["The input file could not be read."]}
    return asset
