"""Nobody raises their own rights: whoever administers gives rights to others, and gets theirs from another one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from apps.accounts.models import Person, Role, RoleHolding
from apps.accounts.permissions import rights_of
from apps.accounts.rights import ADMINISTER
from apps.timeline.answers import Forbidden


def gained_by(role: Role) -> set[str]:
    """Return every right that holding `role` gives, anywhere."""
    return set(role.rights).union(*(grant.rights for grant in role.grants.all()))


def refuse_raising_oneself(by: Any, role: Role, gained: Iterable[str], *, named: bool = False) -> None:
    """Refuse when `by` would gain rights by what they do to `role`, which they hold or (`named`) put themselves into.

    Where nobody else administers there is nobody to ask, so it is let through; the record tells it either way.
    """
    if not isinstance(by, Person) or not set(gained) - rights_of(by):
        return
    if not named and not RoleHolding.objects.filter(role=role, person=by).exists():
        return
    others = Person.objects.filter(
        organisation_id=by.organisation_id, active=True, roles__rights__contains=[ADMINISTER]
    ).exclude(pk=by.pk)
    if names := sorted(set(others.values_list("name", flat=True)[:20])):
        raise Forbidden(f"Nobody raises their own rights. Ask another administrator: {', '.join(names)}.")
