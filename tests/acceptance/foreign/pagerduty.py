"""PagerDuty's Events API v2 and the few REST calls around incidents and their notes."""

from __future__ import annotations

import re
import socket
import uuid
from typing import Any

from tests.acceptance.foreign.serving import Answer, Entry, Foreign

NOTES = re.compile(r"^/incidents/([^/]+)/notes$")


class PagerDuty(Foreign):
    """One service. `variant`: full, or minimal (enqueue, incidents and notes alone)."""

    def __init__(
        self,
        line: socket.socket,
        *,
        token: str,
        routing_key: str,
        service: str = "PSVC001",
        sender: str = "oncall@foreign.example",
        prefix: str = "",
        variant: str = "full",
    ) -> None:
        self.token, self.routing_key, self.service, self.sender = token, routing_key, service, sender
        self.variant, self.incidents, self.notes = variant, list[dict[str, Any]](), dict[str, list[dict[str, Any]]]()
        super().__init__(line, prefix)

    def answer(self, entry: Entry) -> Answer:
        if entry.path == "/v2/enqueue" and entry.method == "POST":
            return self._enqueue(entry)
        if entry.headers.get("authorization") != f"Token token={self.token}":
            return _error(401, 2006, "Authentication failed")
        if entry.method == "POST" and entry.headers.get("from") != self.sender:
            return _error(400, 1008, "Requester User Not Found")
        if entry.path == "/incidents":
            return self._create(entry) if entry.method == "POST" else self._list(entry)
        if found := NOTES.match(entry.path):
            return self._notes(entry, found[1])
        if entry.method == "GET" and (found := re.match(r"^/incidents/([^/]+)$", entry.path)):
            known = self._called(found[1])
            return Answer(200, {"incident": known}) if known else _error(404, 2100, "Not Found")
        return self._more(entry)

    def _more(self, entry: Entry) -> Answer:
        if self.variant == "full" and entry.method == "GET":
            if entry.path == f"/services/{self.service}":
                return Answer(200, {"service": {"id": self.service, "name": "Portal", "status": "active"}})
            if entry.path == "/users":
                return Answer(200, {"users": [{"id": "P1", "email": self.sender, "name": "On call"}], "more": False})
            if entry.path == "/abilities":
                return Answer(200, {"abilities": []})
        return _error(404, 2100, "Not Found")

    def _enqueue(self, entry: Entry) -> Answer:
        body = entry.body if isinstance(entry.body, dict) else {}
        payload = body.get("payload") or {}
        if body.get("routing_key") != self.routing_key:
            return Answer(400, {"status": "invalid event", "message": "Event object is invalid", "errors": ["key"]})
        key = body.get("dedup_key") or uuid.uuid4().hex
        if body.get("event_action") == "trigger":
            if not all(payload.get(name) for name in ("summary", "source", "severity")):
                return Answer(400, {"status": "invalid event", "message": "invalid", "errors": ["payload"]})
            self._open(entry, payload["summary"], key)
        return Answer(202, {"status": "success", "message": "Event processed", "dedup_key": key})

    def _open(self, entry: Entry, title: str, key: str) -> dict[str, Any] | None:
        if any(one["incident_key"] == key and one["status"] != "resolved" for one in self.incidents):
            return None
        number = len(self.incidents) + 1
        incident = {
            "id": f"PINC{number:03}",
            "type": "incident",
            "incident_number": number,
            "title": title,
            "status": "triggered",
            "urgency": "high",
            "incident_key": key,
            "created_at": "2026-11-20T10:00:00Z",
            "html_url": f"https://foreign.pagerduty.com/incidents/PINC{number:03}",
            "service": {"id": self.service, "type": "service_reference"},
        }
        self.incidents.append(incident)
        entry.effect = f"opened {title}"
        return incident

    def _create(self, entry: Entry) -> Answer:
        said = (entry.body or {}).get("incident") or {}
        opened = self._open(entry, said.get("title", ""), said.get("incident_key") or uuid.uuid4().hex)
        if opened is None:
            return _error(400, 2001, "Invalid Input Provided", ["Open incident with matching dedup key already exists"])
        return Answer(201, {"incident": opened})

    def _list(self, entry: Entry) -> Answer:
        key, statuses = entry.query.get("incident_key"), entry.query.get("statuses[]")
        found = [
            one
            for one in self.incidents
            if (not key or one["incident_key"] == key[0]) and (not statuses or one["status"] in statuses)
        ]
        return Answer(200, {"incidents": found, "limit": 25, "offset": 0, "more": False, "total": None})

    def _called(self, name: str) -> dict[str, Any] | None:
        return next((one for one in self.incidents if name in {one["id"], str(one["incident_number"])}), None)

    def _notes(self, entry: Entry, name: str) -> Answer:
        incident = self._called(name)
        if incident is None:
            return _error(404, 2100, "Not Found")
        notes = self.notes.setdefault(incident["id"], [])
        if entry.method == "GET":
            return Answer(200, {"notes": notes})
        content = ((entry.body or {}).get("note") or {}).get("content")
        if not content:
            return _error(400, 2001, "Invalid Input Provided", ["Content can't be empty"])
        note = {"id": f"PNOTE{len(notes)}", "content": content, "created_at": "2026-11-20T10:00:00Z"}
        notes.append(note)
        entry.effect = f"noted {content}"
        return Answer(200, {"note": note})


def _error(status: int, code: int, message: str, errors: list[str] | None = None) -> Answer:
    return Answer(status, {"error": {"message": message, "code": code, "errors": errors or []}})
