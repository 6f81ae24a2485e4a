"""A program that knows the product only by its HTTP contract."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

FINAL = {"succeeded", "failed", "cancelled", "rejected", "expired"}


@dataclass
class Reply:
    """A status, the body as JSON where it is JSON, and the rest."""

    status: int
    body: Any
    raw: bytes
    headers: httpx.Headers
    asked: str

    def must(self, status: int) -> Any:
        """Return the body. Raises AssertionError, showing the answer, when the status is another."""
        assert self.status == status, f"{self.asked}: {self.status} instead of {status}: {self.raw[:1500]!r}"
        return self.body

    def refused(self, status: int, code: str = "") -> dict[str, Any]:
        """Return the problem document of a refusal, after checking its shape."""
        self.must(status)
        assert self.headers["content-type"].split(";")[0] == "application/problem+json", self.headers
        assert {"title", "status", "detail", "code"} <= set(self.body), self.body
        assert self.body["status"] == status
        assert self.body["title"], self.body
        assert self.body["detail"], self.body
        assert not code or self.body["code"] == code, self.body
        return self.body


class Api:
    """`/api/v1` with one token."""

    def __init__(self, url: str, token: str, who: str = "", local_address: str | None = None) -> None:
        self.url, self.token, self.who = url, token, who
        transport = httpx.HTTPTransport(local_address=local_address, retries=2)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.http = httpx.Client(
            base_url=f"{url}/api/v1/", headers=headers, timeout=60, transport=transport, trust_env=False
        )

    def ask(self, method: str, path: str, **more: Any) -> Reply:
        """Send one request; keyword arguments are httpx's."""
        answer = self.http.request(method, path.lstrip("/"), **more)
        try:
            body = answer.json() if answer.content else None
        except ValueError:
            body = None
        return Reply(answer.status_code, body, answer.content, answer.headers, f"{method} {path} as {self.who}")

    def get(self, path: str, **query: Any) -> Reply:
        """GET with query parameters."""
        return self.ask("GET", path, params=query)

    def post(self, path: str, body: Any = None, key: str | None = None, **more: Any) -> Reply:
        """POST JSON; `key` is the Idempotency-Key."""
        headers = {"Idempotency-Key": key} if key else {}
        given = {"json": body} if body is not None else {}
        return self.ask("POST", path, headers=headers | more.pop("headers", {}), **given, **more)

    def all(self, path: str, limit: int = 50, **query: Any) -> list[Any]:
        """Return every item of a list, page by page."""
        found: list[Any] = []
        after: str | None = None
        while True:
            page = self.get(path, limit=limit, **query, **({"after": after} if after else {})).must(200)
            assert set(page) == {"items", "next"}, page
            found += page["items"]
            if (after := page["next"]) is None:
                return found

    def rollback(self, key: str) -> dict[str, Any]:
        """Return a rollback."""
        return self.get(f"/rollbacks/{key}").must(200)

    def wait(self, key: str, *states: str, within: float = 60.0) -> dict[str, Any]:
        """Return a rollback once it is in one of `states` (any final one when none is named)."""
        wanted, give_up_at = set(states) or FINAL, time.monotonic() + within
        while True:
            found = self.rollback(key)
            if found["state"] in wanted:
                return found
            unwanted = found["state"] in FINAL or time.monotonic() > give_up_at
            assert not unwanted, f"{found['state']} instead of {wanted}: {told(found)}"
            time.sleep(0.4)

    def timeline(self, incident: str) -> list[dict[str, Any]]:
        """Return everything on an incident's timeline."""
        return self.all(f"/incidents/{incident}/timeline", limit=200)

    def stream(self, path: str, last: str | None = None, seconds: float = 20.0) -> Iterator[dict[str, str]]:
        """Yield the fields of every event of a stream; ends after `seconds`."""
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last} if last is not None else {})
        end_at, event = time.monotonic() + seconds, dict[str, str]()
        with self.http.stream("GET", path.lstrip("/"), headers=headers, timeout=httpx.Timeout(30, read=15)) as answer:
            assert answer.status_code == 200, answer.read()
            assert answer.headers["content-type"].startswith("text/event-stream")
            for line in answer.iter_lines():
                if line and not line.startswith(":"):
                    name, _, value = line.partition(":")
                    assert name not in event, f"{name} twice in one event: {line!r}"
                    event[name] = value.removeprefix(" ")
                elif not line and event:
                    yield event
                    event = {}
                if time.monotonic() > end_at:
                    return


def told(rollback: dict[str, Any]) -> str:
    """Return how a rollback stands, in few lines, for a failed assertion."""
    lines = [f"{rollback['state']}: {rollback.get('reason')}"]
    for step in rollback["steps"]:
        lines.append(f"  {step['position']} {step['name']}: {step['state']} {step.get('message', '')}")
        lines += [f"      {one['number']} {one['state']} {one.get('message', '')}" for one in step["attempts"]]
    return "\n".join(lines)
