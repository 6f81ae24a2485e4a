"""Mails: one, a batch, what became of them, and keys by which a repetition is recognised for 24 hours."""

import json
import re
import uuid
from datetime import UTC, datetime
from typing import Any

from ...simulation.messages import Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import World
from .account import refused, team

ROUTES = Routes()
KEPT_SECONDS = 24 * 3600
MOST_MAILS, MOST_RECIPIENTS = 100, 50
ADDRESS = re.compile(r"[^<>\r\n]*<[^@<>\s]+@[^@<>\s]+\.[^@<>\s]+>|[^@<>\s]+@[^@<>\s]+\.[^@<>\s]+")
TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")
FORMAT = "The email address needs to follow the `email@example.com` or `Name <email@example.com>` format."


@ROUTES.add("POST", "/emails")
def send(world: World, request: Request) -> Response:
    """One mail."""
    return _once(world, request, lambda: {"id": _accept(world, request, [request.object()])[0]})


@ROUTES.add("POST", "/emails/batch")
def batch(world: World, request: Request) -> Response:
    """Up to a hundred mails; strict takes all or none, permissive takes the good ones."""
    mails = request.json()
    if not isinstance(mails, list) or not mails or len(mails) > MOST_MAILS:
        raise refused(422, "validation_error", f"The batch must be an array of 1 to {MOST_MAILS} emails.")
    if request.headers.get("x-batch-validation", "strict") != "permissive":
        return _once(world, request, lambda: {"data": [{"id": key} for key in _accept(world, request, mails)]})
    wrong = {index: text for index, mail in enumerate(mails) if (text := _problem(mail)[1])}
    good = [mail for index, mail in enumerate(mails) if index not in wrong]
    errors = [{"index": index, "message": text} for index, text in wrong.items()]
    return _once(world, request, lambda: {"data": [{"id": k} for k in _accept(world, request, good)], "errors": errors})


@ROUTES.add("GET", "/emails/{key}")
def show(world: World, request: Request, key: str) -> Response:
    """One mail and the last thing that happened to it."""
    return answer(200, _shown(world, _mail(world, request, key)))


@ROUTES.add("GET", "/emails")
def index(world: World, request: Request) -> Response:
    """The team's mails, newest first; `after` is the id that the page follows."""
    own = [mail for mail in world.state("resend")["mails"].values() if mail["team"] == team(world, request)][::-1]
    after, limit = request.first("after"), request.number("limit", 20)
    ids = [mail["id"] for mail in own]
    begin = ids.index(after) + 1 if after in ids else 0
    page = own[begin : begin + limit]
    more = len(own) > begin + limit
    return answer(200, {"object": "list", "has_more": more, "data": [_shown(world, mail) for mail in page]})


@ROUTES.add("POST", "/emails/{key}/cancel")
def cancel(world: World, request: Request, key: str) -> Response:
    """A scheduled mail is not sent."""
    mail = _mail(world, request, key)
    if not mail["sent"].get("scheduled_at"):
        raise refused(422, "validation_error", "Only scheduled emails can be canceled.")
    mail["canceled"] = True
    request.effect("cancel", mail=key)
    return answer(200, {"object": "email", "id": key})


def _once(world: World, request: Request, act: Any) -> Response:
    """The first answer again for a key that is known with the same body, a refusal for another body."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return answer(200, act())
    if not 1 <= len(key) <= 256:
        raise refused(400, "invalid_idempotency_key", "The key must be between 1-256 chars.")
    kept = world.state("resend")["idempotency"]
    name = f"{team(world, request)} {request.path} {key}"
    known = kept.get(name)
    if known and world.now() - known["at"] < KEPT_SECONDS:
        if world.settings("resend")["busy"] > 0:
            world.settings("resend")["busy"] -= 1
            text = "Same idempotency key used while original request is still in progress"
            raise refused(409, "concurrent_idempotent_requests", text)
        if known["digest"] != request.digest:
            text = "Same idempotency key used with a different request payload"
            raise refused(409, "invalid_idempotent_request", text)
        return answer(200, known["answer"])
    done = act()
    kept[name] = {"at": world.now(), "digest": request.digest, "answer": done}
    return answer(200, done)


def _accept(world: World, request: Request, mails: list[Any]) -> list[str]:
    state, slug = world.state("resend"), team(world, request)
    for mail in mails:
        name, text = _problem(mail)
        if text:
            raise refused(422, name, text)
        _allowed_sender(world, slug, mail["from"])
    _within_quota(world, slug, mails)
    ids = []
    for mail in mails:
        key = str(uuid.uuid4())
        state["mails"][key] = {"id": key, "team": slug, "at": world.now(), "sent": mail, "canceled": False}
        ids.append(key)
    request.effect("send", mails=ids, to=[address for mail in mails for address in _list(mail["to"])])
    return ids


def _problem(mail: Any) -> tuple[str, str]:
    """The name and text of what is wrong with a mail, two empty texts when nothing is."""
    if not isinstance(mail, dict):
        return "validation_error", "Every email must be an object."
    for name in ("from", "to", "subject"):
        if not mail.get(name):
            return "missing_required_field", f"Missing `{name}` field."
    if not mail.get("text") and not mail.get("html"):
        return "missing_required_field", "Missing `html` or `text` field."
    for name in ("from", "to", "cc", "bcc", "reply_to"):
        if not all(isinstance(one, str) and ADDRESS.fullmatch(one) for one in _list(mail.get(name) or [])):
            return "validation_error", f"Invalid `{name}` field. {FORMAT}"
    if len(_list(mail["to"])) > MOST_RECIPIENTS:
        return "validation_error", f"The `to` field must have at most {MOST_RECIPIENTS} items."
    for tag in mail.get("tags") or []:
        if not all(isinstance(tag.get(part), str) and TAG.fullmatch(tag[part]) for part in ("name", "value")):
            return "validation_error", "Tags should only contain ASCII letters, numbers, underscores, or dashes."
    return "", ""


def _allowed_sender(world: World, slug: str, sender: str) -> None:
    own = world.state("resend")["domains"][slug]["name"]
    domain = sender.rstrip("> ").rpartition("@")[2].lower()
    if domain != own or world.settings("resend")["domain_status"] != "verified":
        text = f"The {domain} domain is not verified. Please, add and verify your domain on https://resend.com/domains"
        raise refused(403, "validation_error", text)


def _within_quota(world: World, slug: str, mails: list[Any]) -> None:
    quota = world.settings("resend")["daily_quota"]
    day = world.now() - 24 * 3600
    sent = [m["sent"] for m in world.state("resend")["mails"].values() if m["team"] == slug and m["at"] > day]
    if quota and sum(len(_list(mail["to"])) for mail in [*sent, *mails]) > quota:
        raise refused(429, "daily_quota_exceeded", "You have reached your daily email sending quota.")


def _mail(world: World, request: Request, key: str) -> dict[str, Any]:
    mail: dict[str, Any] | None = world.state("resend")["mails"].get(key)
    if mail is None or mail["team"] != team(world, request):
        raise refused(404, "not_found", "Email not found")
    return mail


def _shown(world: World, mail: dict[str, Any]) -> dict[str, Any]:
    sent = json.loads(json.dumps(mail["sent"]))
    return {
        "object": "email",
        "id": mail["id"],
        "message_id": f"<{mail['id']}@email.example>",
        "to": _list(sent["to"]),
        "from": sent["from"],
        "created_at": written_time(mail["at"]),
        "subject": sent["subject"],
        "html": sent.get("html"),
        "text": sent.get("text"),
        "bcc": _list(sent.get("bcc") or []),
        "cc": _list(sent.get("cc") or []),
        "reply_to": _list(sent.get("reply_to") or []),
        "last_event": _last_event(world, mail),
    }


def _last_event(world: World, mail: dict[str, Any]) -> str:
    if mail["canceled"] or mail["sent"].get("scheduled_at"):
        return "canceled" if mail["canceled"] else "scheduled"
    age = world.now() - mail["at"]
    if age < 1:
        return "queued"
    if age < 3:
        return "sent"
    return "bounced" if any("bounced@resend.dev" in one for one in _list(mail["sent"]["to"])) else "delivered"


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def written_time(at: float) -> str:
    """A moment as Resend writes it."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S.%f+00")
