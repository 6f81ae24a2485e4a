"""Environment variables at the first start: what the projects have now, and what older deployments were built with."""

from typing import Any

from ...simulation.organisations import MOTION_MAVERICKS, Organisation, Release

CHANGED_BY = "dpl_7Qm2xVtR"  # the release of Motion Mavericks that came with a new signing key
MINUTE_MS = 60_000


def of_project(organisation: Organisation, created: int, epoch: float) -> list[dict[str, Any]]:
    """A readable variable, an encrypted one that the newest release changed, and a sensitive one."""
    changed = int(epoch * 1000) - 20 * MINUTE_MS if organisation is MOTION_MAVERICKS else created
    rows = (
        ("SHARE_SIGNING_KEY_ID", "2", "encrypted", ["production"], changed),
        ("PUBLIC_API_URL", f"https://{organisation.addresses[-1]}/v2", "plain", ["production", "preview"], created),
        ("MAIL_API_KEY", f"re_simulated_{organisation.slug}", "sensitive", ["production"], created),
        ("PUBLIC_API_URL", "http://localhost:3000/v2", "plain", ["development"], created),
    )
    return [
        {
            "id": f"env_{organisation.key.lower()}{number}",
            "key": key,
            "value": value,
            "type": kind,
            "target": targets,
            "gitBranch": None,
            "createdAt": created,
            "updatedAt": updated,
        }
        for number, (key, value, kind, targets, updated) in enumerate(rows, start=1)
    ]


def of_deployment(project: dict[str, Any], release: Release) -> dict[str, str]:
    """What a release was built with: as now, but with the old signing key before it was changed."""
    target = "production" if release.state != "PREVIEW" else "preview"
    found = {variable["key"]: variable["value"] for variable in project["env"] if target in variable["target"]}
    if project["id"] == MOTION_MAVERICKS.project and release.deployment != CHANGED_BY and target == "production":
        found["SHARE_SIGNING_KEY_ID"] = "1"
    return found
