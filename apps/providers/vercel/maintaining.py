"""Maintenance on and off: one routing rule of the project sends every visitor to a page, without a new build.

It is the redirect of the dashboard (`/*` to `/maintenance.html`, 307, S4-37). Vercel keeps rules in versions: a change
makes a draft, and publishing the draft makes it live. So two requests are needed, and a repeat finds the draft that an
interrupted attempt has left. A draft of somebody else is never published. Source: REST reference, project-routes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from apps.providers.base import Access, Call, Observation, Outcome, OutcomeKind, Seen, Sending
from apps.providers.calling import segment
from apps.providers.endings import LOOK, dig, refused, unknown
from apps.providers.vercel import judging, routing, wire
from apps.providers.vercel.actions import MAINTENANCE_OFF, MAINTENANCE_ON
from apps.providers.vercel.routing import Rules
from apps.providers.vercel.ways import Way
from apps.providers.vercel.wire import API

RULE_NAME = "Maintenance (rollback portal)"
DEFAULT_PAGE = "/maintenance.html"
TEMPORARY = 307
OFF = "off"
PAGE = re.compile(r"/(?!/)[A-Za-z0-9_./-]*|https://[A-Za-z0-9.-]+(/[A-Za-z0-9_./-]*)?")


def page_of(call: Call) -> str:
    """Return where visitors are sent, "off" for nowhere."""
    if call.action == MAINTENANCE_OFF.name:
        return OFF
    return call.parameters.get("page") or DEFAULT_PAGE


def problem(call: Call) -> str:
    """Say why visitors cannot be sent to this page, or return an empty text."""
    page = page_of(call)
    if page == OFF or PAGE.fullmatch(page):
        return ""
    return "“page” must be a path such as /maintenance.html, or an https address."


def sends_to(rules: Sequence[Mapping[str, Any]]) -> str:
    """Return the page to which our rule sends visitors, or "off"."""
    rule = _ours(rules)
    return str(dig(rule, "route", "dest") or OFF) if rule and dig(rule, "enabled") is not False else OFF


def observe(access: Access, call: Call, sending: Sending | None) -> Observation:
    """Say whether the rule is live, and to which page it sends visitors."""
    rules, wanted = routing.look(access), page_of(call)
    now = sends_to(rules.live)
    text = f"Every visitor is sent to {now}." if now != OFF else "Maintenance is off: nobody is redirected."
    if rules.draft is not None and now != wanted and not _ours_only(rules):
        text += " Somebody has prepared other routing rules and not published them; that has to be settled first."
    seen = Seen.DESIRED if now == wanted else Seen.OTHER
    # To lift maintenance is right whatever page is on: the step that switched it on may stand in the same plan.
    identity = {"maintenance": now} if call.action == MAINTENANCE_ON.name else {"rule": RULE_NAME}
    return Observation(seen, text, identity, {"visitors": now}, datetime.now(UTC))


def apply(access: Access, call: Call, sending: Sending) -> Outcome:
    """Prepare the change where it is not prepared yet, then publish it."""
    rules, wanted = routing.look(access), page_of(call)
    if sends_to(rules.live) == wanted:
        return Outcome(OutcomeKind.SUCCEEDED, f"Maintenance is as wanted already ({wanted}). Nothing was sent.")
    if rules.draft is not None and not _ours_only(rules):
        return refused(
            "Somebody has prepared other routing rules at Vercel and not published them; publishing now would make "
            "those live too. Nothing was changed. Publish or discard them at Vercel, then try again.",
            needs_operator=True,
        )
    draft = rules.draft_id
    if rules.draft is None or sends_to(rules.draft) != wanted:
        staged = _stage(access, sending, rules, wanted)
        if isinstance(staged, Outcome):
            return staged
        draft = staged
    return _publish(access, sending, draft, wanted)


def inverse(call: Call, baseline: Observation) -> Call | None:
    """Return the call that brings back where visitors were sent before."""
    before = str(baseline.readings.get("visitors", ""))
    if not before or before == page_of(call):
        return None
    return Call(MAINTENANCE_OFF.name, {}) if before == OFF else Call(MAINTENANCE_ON.name, {"page": before})


def stays(call: Call) -> Sequence[str]:
    """Say what maintenance does not stop."""
    return (
        "Cron jobs, queues and everything that does not come through the project's addresses goes on.",
        "Pages that are open in browsers stay open until they ask the server again.",
    )


def _ours(rules: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    return next((rule for rule in rules if dig(rule, "name") == RULE_NAME), None)


def _ours_only(rules: Rules) -> bool:
    """Say whether the draft differs from what is live by our rule alone."""
    return _others(rules.draft or ()) == _others(rules.live)


def _others(rules: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    told = ("id", "name", "route")
    return [
        (*(dig(rule, name) for name in told), dig(rule, "enabled") is not False)
        for rule in rules
        if dig(rule, "name") != RULE_NAME
    ]


def _stage(access: Access, sending: Sending, rules: Rules, wanted: str) -> str | Outcome:
    """Prepare the change as a draft; returns the draft's id, or how it ended."""
    old = _ours(rules.draft if rules.draft is not None else rules.live)
    base, query = f"/v1/projects/{wire.project_path(access)}/routes", wire.scope(access)
    reference = segment(dig(old, "id"), "the id of a routing rule", 256) if old else ""
    if wanted == OFF:
        answer = API.change(access, sending, "DELETE", base, query, body={"routeIds": [dig(old, "id")]})
    elif old:
        answer = API.change(access, sending, "PATCH", f"{base}/{reference}", query, body={"route": _rule(wanted)})
    else:
        body = {"route": _rule(wanted), "position": {"placement": "start"}}
        answer = API.change(access, sending, "POST", base, query, body=body)
    if not answer.ok:
        return judging.refusal(access, answer, "prepare the maintenance rule")
    draft = dig(answer.json(), "version", "id")
    if not isinstance(draft, str):
        return unknown(f"Vercel answered {answer.status}, but did not name the draft. {LOOK}", answer)
    return draft


def _publish(access: Access, sending: Sending, draft: str, wanted: str) -> Outcome:
    path = f"/v1/projects/{wire.project_path(access)}/routes/versions"
    body = {"id": draft, "action": "promote"}
    answer = API.change(access, sending, "POST", path, wire.scope(access), body=body)
    if not answer.ok:
        ended = judging.refusal(access, answer, "publish the maintenance rule")
        text = "The rule is prepared as a draft; visitors are served as before as long as it is not published."
        return replace(ended, message=f"{ended.message.replace(' Nothing was changed.', '')} {text}")
    if not isinstance(dig(answer.json(), "version"), dict):
        return unknown(f"Vercel answered {answer.status}, but did not name the published version. {LOOK}", answer)
    text = "Maintenance is off." if wanted == OFF else f"Maintenance is on: every visitor is sent to {wanted}."
    return Outcome(OutcomeKind.SUCCEEDED, f"Vercel published it. {text}", status=answer.status)


def _rule(page: str) -> dict[str, Any]:
    """Return the rule; the page itself is let through, or it would be sent to itself for ever."""
    source = rf"^/(?!{re.escape(page[1:])}$).*$" if page.startswith("/") else "^/.*$"
    return {
        "name": RULE_NAME,
        "description": "Switched on by the rollback portal; it is switched off there too.",
        "enabled": True,
        "srcSyntax": "regex",
        "route": {"src": source, "dest": page, "status": TEMPORARY},
    }


WAY = Way(observe, apply, stays, inverse=inverse)
