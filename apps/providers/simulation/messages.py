"""What a simulator reads and answers: one request, one response, nothing about sockets."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

JSON = "application/json; charset=utf-8"


class Malformed(ValueError):
    """The body is not what its content type promises."""


class Refused(Exception):
    """A request that account, plan or state do not allow; carries the provider's answer."""

    def __init__(self, response: "Response") -> None:
        super().__init__(response.status)
        self.response = response


@dataclass
class Request:
    """One call as it arrived, with the path relative to the provider's own root."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes
    address: str = ""
    sent_path: str = ""  # as it came, before the provider's own reading of it
    effects: list[dict[str, Any]] = field(default_factory=list)

    def json(self) -> Any:
        """The body as JSON (an empty body is `{}`); raises `Malformed`."""
        if not self.body.strip():
            return {}
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise Malformed(str(error)) from error

    def object(self) -> dict[str, Any]:
        """The body as a JSON object; raises `Malformed` for any other JSON."""
        data = self.json()
        if not isinstance(data, dict):
            raise Malformed("The body must be a JSON object.")
        return data

    def form(self) -> dict[str, str]:
        """The body as form fields, the last of equal names winning."""
        fields = parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True)
        return {name: values[-1] for name, values in fields.items()}

    def first(self, name: str, default: str = "") -> str:
        """The first value of a query field, or the default."""
        return self.query.get(name, [default])[0]

    def number(self, name: str, default: int) -> int:
        """A query field as a whole number, the default when absent or empty; raises `Malformed`."""
        text = self.first(name)
        try:
            return int(text) if text else default
        except ValueError:
            raise Malformed(f"{name} must be a whole number.") from None

    def bearer(self) -> str:
        """The token of `Authorization: Bearer …`, or an empty string."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    def effect(self, kind: str, **details: Any) -> None:
        """Says that this request has changed the provider; what is said goes into the journal."""
        self.effects.append({"kind": kind, **details})

    @property
    def digest(self) -> str:
        """SHA-256 of the body's bytes, 64 lowercase hex digits."""
        return hashlib.sha256(self.body).hexdigest()


@dataclass
class Response:
    """What the provider says, before any scripted fault spoils it."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    late_ms: int = 0  # how much later than usual it is given


def answer(status: int, data: Any, **headers: str) -> Response:
    """A JSON answer; `retry_after="1"` becomes the header `retry-after`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, json.dumps(data).encode(), {"content-type": JSON, **named})


def empty(status: int) -> Response:
    """An answer without a body."""
    return Response(status)


def page(html: str, status: int = 200, **headers: str) -> Response:
    """An HTML page; header names as in `answer`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, html.encode(), {"content-type": "text/html; charset=utf-8", **named})
