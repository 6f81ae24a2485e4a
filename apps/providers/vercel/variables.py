"""Environment variables at Vercel: what production has now, what a deployment was built with. Reads only.

Names, kinds and times come from the project's list; values from `env/pull`, as Vercel's own command line reads them,
of the project or of one deployment. A sensitive variable never tells its value. What Vercel itself adds is left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.providers.base import Access, ProviderError
from apps.providers.calling import Denied, segment
from apps.providers.endings import dig
from apps.providers.variables import Variable, fingerprint
from apps.providers.vercel import wire
from apps.providers.vercel.wire import API

PRODUCTION = "production"
MOST_PAGES = 20
OWN_NAMES = re.compile(r"VERCEL|VERCEL_.+|TURBO_.+|NX_DAEMON")  # what Vercel puts in by itself
UNREADABLE_KINDS = ("sensitive", "secret")


@dataclass(frozen=True)
class Kept:
    """A variable as the project keeps it; `targets` are the environments that share this one value."""

    id: str
    name: str
    kind: str
    targets: tuple[str, ...]
    changed_at: datetime | None

    @property
    def readable(self) -> bool:
        """Whether Vercel ever tells its value."""
        return self.kind not in UNREADABLE_KINDS


def snapshot(access: Access, key: bytes, deployment: str = "") -> list[Variable]:
    """Return production's variables now, or those of a deployment, by name. Raises ProviderError."""
    kept = {one.name: one for one in in_production(access)}
    if deployment:
        return _of_deployment(access, key, deployment, kept)
    values = project_values(access, list(kept.values()))
    return [
        Variable(name, fingerprint(key, name, values[name]) if name in values else "", one.changed_at)
        for name, one in sorted(kept.items())
    ]


def in_production(access: Access) -> list[Kept]:
    """Return the project's production variables, without those of one branch only. Raises ProviderError."""
    path, query = f"/v10/projects/{wire.project_path(access)}/env", wire.scope(access)
    found: list[Kept] = []
    until: Any = None
    for _ in range(MOST_PAGES):
        answer = API.read(access, path, {**query, "until": until})
        body = answer.json() if answer.ok else None
        items = dig(body, "envs")
        if not isinstance(items, list):
            raise API.unreadable(access, answer, "The list of environment variables")
        found += [one for item in items if (one := _kept(item))]
        until = dig(body, "pagination", "next")
        if not until:
            return found
    raise ProviderError("Vercel lists more environment variables than the portal reads.")


def project_values(access: Access, kept: Sequence[Kept]) -> dict[str, str]:
    """Return the values of the readable ones, by name: with one request, else one by one. Raises ProviderError."""
    wanted = [one for one in kept if one.readable]
    try:
        pulled = pull(access, f"{wire.project_path(access)}/{PRODUCTION}")
    except Denied:
        pulled = {}  # a token may be allowed the one and not the other
    found = {one.name: pulled[one.name] for one in wanted if one.name in pulled}
    for one in wanted:
        if one.name not in found and (value := _value(access, one)) is not None:
            found[one.name] = value
    return found


def deployment_values(access: Access, deployment: str) -> dict[str, str]:
    """Return name and value of what a deployment was built with. Raises ProviderError, Denied where it is not told."""
    return pull(access, segment(deployment, "a deployment id"))


def pull(access: Access, what: str) -> dict[str, str]:
    """Return the values that `env/pull` tells of a project's environment or of a deployment. Raises ProviderError."""
    answer = API.read(access, f"/v3/env/pull/{what}", wire.scope(access))
    body = answer.json() if answer.ok else None
    if not isinstance(dig(body, "env"), dict):
        raise API.unreadable(access, answer, "The values of the environment variables")
    together = {**(dig(body, "buildEnv") or {}), **dig(body, "env")}
    return {str(name): value for name, value in together.items() if isinstance(value, str) and not _own(str(name))}


def _of_deployment(access: Access, key: bytes, deployment: str, kept: dict[str, Kept]) -> list[Variable]:
    """Return the deployment's variables; where Vercel does not tell them, what the times alone say."""
    built = _built_at(access, deployment)
    try:
        values = deployment_values(access, deployment)
    except Denied:
        return [_then(name, "", one, built) for name, one in sorted(kept.items())]
    silent = {name for name, one in kept.items() if not one.readable}  # told as an empty text, or left out
    marks = {name: fingerprint(key, name, value) for name, value in values.items() if name not in silent}
    return [_then(name, marks.get(name, ""), kept.get(name), built) for name in sorted(marks.keys() | silent)]


def _then(name: str, mark: str, kept: Kept | None, built: datetime | None) -> Variable:
    """Return a variable as it was at `built`; a change after that leaves the time of the one before unknown."""
    changed = kept.changed_at if kept else None
    known = changed if changed and built and changed <= built else None
    return Variable(name, mark, known)


def _built_at(access: Access, deployment: str) -> datetime | None:
    answer = API.read(access, f"/v13/deployments/{segment(deployment, 'a deployment id')}", wire.scope(access))
    body = answer.json() if answer.ok else None
    if not isinstance(body, dict):
        raise API.unreadable(access, answer, f"The deployment {deployment}")
    return wire.moment(dig(body, "createdAt") or dig(body, "created"))


def _value(access: Access, one: Kept) -> str | None:
    path = f"/v1/projects/{wire.project_path(access)}/env/{segment(one.id, 'a variable id')}"
    answer = API.read(access, path, wire.scope(access))
    value = dig(answer.json(), "value") if answer.ok else None
    return value if isinstance(value, str) else None


def _kept(item: Any) -> Kept | None:
    """Return a listed variable where production uses it as a whole; `target` may be one text or a list."""
    given = dig(item, "target") or []
    targets = (given,) if isinstance(given, str) else tuple(str(target) for target in given)
    name, reference = dig(item, "key"), dig(item, "id")
    if PRODUCTION not in targets or dig(item, "gitBranch") or not isinstance(name, str) or _own(name):
        return None
    changed = wire.moment(dig(item, "updatedAt") or dig(item, "createdAt"))
    return Kept(str(reference or ""), name, str(dig(item, "type") or ""), targets, changed)


def _own(name: str) -> bool:
    return bool(OWN_NAMES.fullmatch(name))
