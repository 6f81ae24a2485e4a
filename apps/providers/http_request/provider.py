"""HTTP: send one declared request to an address of your own. Nobody can know what it changes, so it is never
repeated.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from apps.providers.base import (
    Access,
    Action,
    Call,
    Field,
    Finding,
    IdempotencyClass,
    Observation,
    Outcome,
    OutcomeKind,
    Parameter,
    Proof,
    Provider,
    ProviderError,
    Risk,
    Seen,
    Sending,
    Verification,
)
from apps.providers.calling import Api
from apps.providers.endings import ends_in_an_outcome, outcome_of

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
REQUEST = Action(
    name="request",
    title="Send an HTTP request",
    parameters=(
        Parameter("method", "Method", help=", ".join(METHODS)),
        Parameter("path", "Path", help="Begins with “/”; joined to the connection's address."),
        Parameter("json", "JSON body", kind="json", required=False),
    ),
    risk=Risk.DISRUPTIVE,
    idempotency_class=IdempotencyClass.UNREPEATABLE,
    undo="The portal does not know what the request changes; undo it where it was changed.",
    usual_seconds=2,
    gives_up_seconds=30,
    settle_seconds=0,
    max_attempts=1,
)


def _headers(access: Access) -> Mapping[str, str]:
    """Return the headers of the credentials, given as an object or as its JSON text. Raises ProviderError."""
    given = access.credentials.get("headers") or {}
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError:
            given = None
    if not isinstance(given, Mapping) or not all(isinstance(value, str) for value in given.values()):
        raise ProviderError("The connection's headers must be an object of names and texts.")
    return dict(given)


API = Api("The address", "", _headers)


class HttpRequest(Provider):
    """Any HTTP interface that no other provider covers."""

    slug = "http"
    name = "HTTP"
    credentials = (
        Field(
            "headers",
            "Headers",
            required=False,
            kind="json",
            help='For example {"Authorization": "Bearer …"}.',
        ),
    )
    actions = (REQUEST,)
    roles = (
        *("hosting", "flags", "cache", "chat", "paging", "database"),
        *("code", "tracker", "mail", "status", "errors", "metrics"),
        *("backend", "media", "payments", "identity"),
    )

    def problems(self, call: Call) -> Sequence[str]:
        """Refuse methods that are not listed and paths that could leave the connection's address."""
        if found := super().problems(call):
            return found
        method, path = call.parameters["method"], call.parameters["path"]
        if method not in METHODS:
            return (f"“{method}” is not one of {', '.join(METHODS)}.",)
        odd = not path.isascii() or not path.isprintable() or any(sign in path for sign in "\\# ")
        climbs = ".." in path.partition("?")[0].lower().replace("%2e", ".").replace("%2f", "/").split("/")
        if odd or climbs or not path.startswith("/") or path.startswith("//"):
            return ("The path must begin with one “/” and hold no “..”, “\\”, “#” or space.",)
        return ()

    def check(self, access: Access) -> list[Finding]:
        """Say whether the address answers; any answer will do, for nobody knows what it offers at its root."""
        try:
            answer = API.read(access, "/")
        except ProviderError as error:
            return [Finding("error", str(error), "address")]
        if answer.status in (401, 403):
            text = f"The address answered {answer.status}: look whether the headers are right."
            return [Finding("warning", text, "rights")]
        return [Finding("ok", f"The address answers ({answer.status}).", "address")]

    def observe(self, access: Access, call: Call, sending: Sending | None = None) -> Observation:
        """Say that what the request changes cannot be seen from here."""
        return Observation(Seen.UNREADABLE, "What this request changes cannot be read; look where it is changed.")

    @ends_in_an_outcome
    def apply(self, access: Access, call: Call, sending: Sending) -> Outcome:
        """Send the request; any 2xx is success."""
        method, path = call.parameters["method"], call.parameters["path"]
        body = call.parameters.get("json")
        answer = API.change(access, sending, method, path, body=body)
        if answer.ok:
            text = f"The address answered {answer.status} to {method} {path}."
            return Outcome(OutcomeKind.SUCCEEDED, text, status=answer.status)
        return outcome_of(answer, f"answer {method} {path}", API.said(access, answer))

    def verify(self, access: Access, call: Call, sending: Sending) -> Verification:
        """Say that the answer is all the proof there is; a check step after it can prove more."""
        text = "The address answered with success. What it changed cannot be read; a check step can prove it."
        return Verification(Proof.SATISFIED, text, (("done", text),))

    def what_stays(self, call: Call) -> Sequence[str]:
        """Say that nothing is known about the request's effect."""
        return ("Whatever the request changes stays changed.",)
