"""Which thing an address is about: the ids that stand in its path, of one's own, of a stranger, or of nobody."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tests.security.routes import Route

NOBODYS: dict[str, Any] = {
    "uuid": "0195f0a0-0000-7000-8000-000000000000", "slug": "no-such-thing", "position": 99, "draft": 99,
    "factor": 0,
}  # fmt: skip
# (the beginning of a path, a parameter) → which of `Side.things` it names; the first that fits counts.
NAMES: list[tuple[str, str, str]] = [
    (r"/people/groups/", "mapping_id", "mapping"),
    (r"/people/tokens/", "token_id", "service_token"),
    (r"/api/v1/group-mappings/", "id", "mapping"),
    (r"/api/v1/tokens/", "id", "service_token"),
    (r"/people/", "person_id", "person"),
    (r"/people/", "slug", "role"),
    (r"/profile/", "token_id", "token"),
    (r"/profile/factors/", "factor_id", "factor"),
    (r"/approvals/[^/]+/withdrawal/", "pk", "answered"),
    (r"/approvals/debts/", "pk", "debt"),
    (r"/approvals/break-glass/", "pk", "glass"),
    (r"/approvals/", "pk", "question"),
    (r"/rules/", "pk", "rule"),
    (r"/incidents/.+/waiting/", "one", "waiting"),
    (r"/services/", "slug", "service"),
    (r"/services/", "name", "environment"),
    (r"/services/", "deployment_id", "deployment"),
    (r"/freezes/", "freeze_id", "freeze"),
    (r"/connections/new/", "slug", "provider"),
    (r"/connections/", "connection_id", "connection"),
    (r"/playbooks/", "slug", "playbook"),
    (r"/playbooks/", "number", "draft"),
    (r"", "position", "position"),
    (r"/(incidents|status)/", "pk", "incident"),
    (r"/checklist-items/", "pk", "item"),
    (r"/rollbacks/forward/", "environment", "environment_id"),
    (r"/rollbacks/", "pk", "rollback"),
    (r"/hooks/", "provider", "provider"),
    (r"/hooks/", "source", "connection"),
    (r"/api/v1/approvals/[^/]+/votes/mine", "id", "answered"),
    (r"/api/v1/approvals/", "id", "question"),
    (r"/api/v1/people/", "id", "person"),
    (r"/api/v1/(people|roles)/", "slug", "role"),
    (r"/api/v1/debts/", "id", "debt"),
    (r"/api/v1/break-glass/", "id", "glass"),
    (r"/api/v1/rules/", "id", "rule"),
    (r"/api/v1/waiting-updates/", "id", "waiting"),
    (r"/api/v1/connections/", "id", "connection"),
    (r"/api/v1/services/", "slug", "service"),
    (r"/api/v1/services/", "name", "environment"),
    (r"/api/v1/deployments/", "id", "deployment"),
    (r"/api/v1/freezes/", "id", "freeze"),
    (r"/api/v1/playbooks/", "slug", "playbook"),
    (r"/api/v1/playbooks/", "number", "draft"),
    (r"/api/v1/incidents/", "id", "incident"),
    (r"/api/v1/checklist-items/", "id", "item"),
    (r"/api/v1/rollbacks/", "id", "rollback"),
]
# What is not anybody's: secrets of links, pages of examples, keys of mails.
FREE = {"secret", "uidb36", "key", "page"}
SHARED = {"provider", "role"}  # the same in every organisation, so nothing foreign can be named by them


def named_by(route: Route, parameter: str) -> str:
    """Return which thing a parameter names. Raises LookupError where nobody has said it yet."""
    for beginning, name, thing in NAMES:
        if name == parameter and re.match(beginning, route.path):
            return thing
    raise LookupError(f"{route}: say in tests/security/things.py what {{{parameter}}} of {route.path} names.")


def names(route: Route) -> dict[str, str]:
    """Return parameter → thing for everything that a path names and that belongs to somebody."""
    return {each: named_by(route, each) for each in route.parameters if each not in FREE}


def belongs_to_somebody(route: Route) -> bool:
    """Say whether an address names something that another organisation could own."""
    return bool(set(names(route).values()) - SHARED - {"position", "draft", "environment"})


def path_of(route: Route, things: Mapping[str, Any] | None) -> str:
    """Return the path for these things (`Side.things_of`), or for such as nobody has."""
    values = {each: "x" for each in route.parameters if each in FREE}
    for parameter, thing in names(route).items():
        values[parameter] = things[thing] if things else _nobodys(thing)
    if "uidb36" in values:
        values["uidb36"] = "1"
    return route.filled(values)


def _nobodys(thing: str) -> Any:
    if thing in {"service", "environment", "playbook", "role", "provider"}:
        return NOBODYS["slug"]
    return NOBODYS.get(thing, NOBODYS["uuid"])
