"""HTTP: send declared requests to an address of your own, judge the answers as declared, look as declared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from apps.providers.base import (
    Access,
    Action,
    Call,
    Check,
    CheckResult,
    Field,
    Finding,
    IdempotencyClass,
    Observation,
    Outcome,
    OutcomeKind,
    Parameter,
    Proof,
    Provider,
    Risk,
    Seen,
    Sending,
    Verification,
)
from apps.providers.endings import LOOK, ends_in_an_observation, ends_in_an_outcome, outcome_of, unknown
from apps.providers.examining import ends_in_a_check_result
from apps.providers.http_request import checking, conditions, looking
from apps.providers.http_request.wire import API, CHANGING, METHODS, path_problem

PATH = Parameter("path", "Path", help="Begins with “/”; joined to the connection's address.")
BODY = Parameter("json", "JSON body", kind="json", required=False)
SUCCESS_HELP = (
    "What the answer must be like: {status: 200 or [200, 204], json: members it must have, contains: a text}. "
    "Without it every 2xx is success."
)
OBSERVED_HELP = (
    "Where the state is read with GET, and what it is like when it is set: "
    "{path, json: members it must have, contains: a text, status}."
)
REQUEST = Action(
    name="request",
    title="Send an HTTP request",
    parameters=(Parameter("method", "Method", help=", ".join(METHODS)), PATH, BODY),
    risk=Risk.DISRUPTIVE,
    idempotency_class=IdempotencyClass.UNREPEATABLE,
    undo="The portal does not know what the request changes; undo it where it was changed.",
    usual_seconds=2,
    gives_up_seconds=30,
    settle_seconds=0,
    max_attempts=1,
    changes_release=True,
)
SEND = replace(
    REQUEST,
    name="send",
    title="Send an HTTP request and judge its answer",
    parameters=(
        Parameter("method", "Method", kind="choice", choices=METHODS),
        PATH,
        BODY,
        Parameter("success", "Success", kind="json", help=SUCCESS_HELP),
    ),
)
SET = Action(
    name="set",
    title="Set a state by HTTP and look at it",
    parameters=(
        Parameter("method", "Method", kind="choice", choices=CHANGING),
        PATH,
        BODY,
        Parameter("success", "Success", kind="json", required=False, help=SUCCESS_HELP),
        Parameter("observed", "Observed", kind="json", help=OBSERVED_HELP),
    ),
    risk=Risk.DISRUPTIVE,
    idempotency_class=IdempotencyClass.ABSOLUTE,
    undo="Send the request that sets the earlier state; the plan shows what was observed before.",
    usual_seconds=2,
    gives_up_seconds=60,
    changes_release=True,
)
CHECK = Check(
    name="check",
    title="Ask an endpoint",
    parameters=(
        PATH,
        Parameter("status", "Status", kind="number", required=False, help="Every 2xx when empty."),
        Parameter("contains", "The body says", required=False),
        Parameter("header", "Header", kind="json", required=False, help="“Name: value”, or an object of several."),
        Parameter("json", "The body has", kind="json", required=False, help="Members that the answer must have."),
        Parameter("within_ms", "Within milliseconds", kind="number", required=False, help="The slowest answer."),
    ),
)


class HttpRequest(Provider):
    """Any HTTP interface that no other provider covers: a flag API of one's own, a health endpoint."""

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
    actions = (REQUEST, SEND, SET)
    checks = (CHECK,)
    roles = (
        *("hosting", "flags", "cache", "chat", "paging", "database"),
        *("code", "tracker", "mail", "status", "errors", "metrics"),
        *("backend", "media", "payments", "identity"),
    )

    def problems(self, call: Call) -> Sequence[str]:
        """Refuse methods that are not listed, paths that could leave the address, conditions nobody can judge."""
        if found := super().problems(call):
            return found
        given = call.parameters
        if given["method"] not in METHODS:
            return (f"“{given['method']}” is not one of {', '.join(METHODS)}.",)
        texts = [path_problem(given["path"])]
        if given.get("success") is not None:
            texts.append(conditions.problem(given["success"], "success", needs_one=True))
        if call.action == SET.name:
            texts.append(looking.problem(given["observed"]))
        return tuple(filter(None, texts))

    def check_problems(self, call: Call) -> Sequence[str]:
        """Refuse paths that could leave the connection's address, besides what every provider checks."""
        if found := super().check_problems(call):
            return found
        return tuple(filter(None, (path_problem(call.parameters["path"]),)))

    def check(self, access: Access) -> list[Finding]:
        """Say whether the address answers; any answer will do, for nobody knows what it offers at its root."""
        return checking.findings(access)

    @ends_in_a_check_result
    def examine(self, access: Access, call: Call) -> CheckResult:
        """Ask an endpoint once: status, latency, body, headers."""
        return checking.examined(access, call)

    @ends_in_an_observation
    def observe(self, access: Access, call: Call, sending: Sending | None = None) -> Observation:
        """Look as declared; where nothing is declared, say that it cannot be seen from here."""
        if call.action == SET.name:
            return looking.observation(access, call.parameters["observed"])
        return Observation(Seen.UNREADABLE, "What this request changes cannot be read; look where it is changed.")

    @ends_in_an_outcome
    def apply(self, access: Access, call: Call, sending: Sending) -> Outcome:
        """Send the request and judge its answer as declared; undeclared, any 2xx is success."""
        method, path = call.parameters["method"], call.parameters["path"]
        declared = call.parameters.get("success") or {}
        answer = API.change(access, sending, method, path, body=call.parameters.get("json"))
        if conditions.fits(answer, declared):
            text = f"The address answered {answer.status} to {method} {path}."
            return Outcome(OutcomeKind.SUCCEEDED, text, status=answer.status)
        if answer.ok:
            wrong = conditions.unmet(answer, declared)
            return unknown(f"The answer to {method} {path} is not the declared success: it {wrong}. {LOOK}", answer)
        return outcome_of(answer, f"answer {method} {path}", API.said(access, answer))

    def verify(self, access: Access, call: Call, sending: Sending) -> Verification:
        """Look as declared; where nothing is declared, the answer is all the proof there is."""
        if call.action == SET.name:
            return super().verify(access, call, sending)
        text = "The address answered with success. What it changed cannot be read; a check step can prove it."
        return Verification(Proof.SATISFIED, text, (("done", text),))

    def what_stays(self, call: Call) -> Sequence[str]:
        """Say that nothing is known about the request's effect."""
        return ("Whatever the request changes stays changed.",)
