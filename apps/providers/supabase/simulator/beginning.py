"""The Supabase projects at the first start, and how to connect to them."""

from typing import Any

from ...simulation.organisations import DAY, MINUTE, ORGANISATIONS, Organisation
from ...simulation.world import State, habits

PROJECT_AGE = 400 * DAY
FIRST_BACKUP = 4001
BACKUPS = 7
POINT = "before-release"


def start(epoch: float) -> State:
    """A project with a week of backups and one restore point for every organisation."""
    return {
        "simulation": habits(
            restore_seconds=600,
            begins_after_seconds=0,
            restore_ends="well",
            plan="pro",
            pitr=True,
            window_days=7,
            lag_seconds=120,
            restore_points=True,
            point_seconds=5,
            point_ends="AVAILABLE",
            completed_on=True,
            rights="full",
            status="",
            unhealthy=[],
            refusal_status=400,
            requests_per_minute=0,
        ),
        "window": {"minute": 0, "used": 0},
        "tokens": {token(o): o.slug for o in ORGANISATIONS},
        "projects": {ref(o): _project(o, epoch) for o in ORGANISATIONS},
    }


def token(organisation: Organisation) -> str:
    """The personal access token of an organisation; the command line takes `sbp_` and forty hex digits only."""
    return f"sbp_{organisation.slug.encode().hex():0<40}"


def ref(organisation: Organisation) -> str:
    """The project's reference: twenty lower-case letters."""
    return f"{organisation.key.lower()}abcdefghijklmnopqrst"[:20]


def describe(state: State) -> dict[str, Any]:
    """Settings, credentials and objects; the first organisation's at the top."""
    each = {organisation.slug: _described(state, organisation) for organisation in ORGANISATIONS}
    return {**each[ORGANISATIONS[0].slug], "organisations": each}


def _described(state: State, organisation: Organisation) -> dict[str, Any]:
    project = state["projects"][ref(organisation)]
    return {
        "settings": {"project_ref": project["ref"]},
        "credentials": {"access_token": token(organisation)},
        "objects": {
            "project": {"ref": project["ref"], "name": project["name"]},
            "backups": [backup["id"] for backup in project["backups"]],
            "restore_points": list(project["points"]),
        },
    }


def _project(organisation: Organisation, epoch: float) -> dict[str, Any]:
    created = int((epoch - PROJECT_AGE) * 1000)
    history = [{"at": created, "text": "the first tables"}]
    for release in organisation.releases:
        if release.state == "PROMOTED":
            history.append({"at": int((epoch - release.age) * 1000), "text": release.version})
    backups = [
        {"id": FIRST_BACKUP + number, "at": int((epoch - (BACKUPS - number) * DAY + DAY / 2) * 1000)}
        for number in range(BACKUPS)
    ]
    point = {"completes": int((epoch - 10 * MINUTE) * 1000), "history": history, "status": "AVAILABLE"}
    return {
        "ref": ref(organisation), "name": organisation.project_name, "organisation": organisation.slug,
        "created": created, "status": "ACTIVE_HEALTHY", "history": history, "backups": backups,
        "points": {POINT: point}, "restore": None, "restores": 0,
    }  # fmt: skip
