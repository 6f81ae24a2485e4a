"""A provider as another package would bring it: a database with its figures, and the server behind it.

It measures, restores what cannot be interrupted, and its server can be told to misbehave.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from apps.playbooks.catalogue import installed
from apps.providers import registry
from apps.providers.base import (
    Access,
    Action,
    Airlock,
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
    ProviderError,
    Reversibility,
    Risk,
    Seen,
    Sending,
    Verification,
)
from apps.providers.calling import Api, credential
from apps.providers.endings import ends_in_an_observation, ends_in_an_outcome
from apps.providers.examining import ends_in_a_check_result, measured
from tests.providers.raw import RawServer, answer
from tests.providers.raw import Seen as Asked

API = Api("Foreign", "", lambda access: {"Authorization": f"Bearer {credential(access, 'token', 'Foreign')}"})
LOSS_SHARE = Check("loss_share", "Share of failed requests", unit="%", resolution_seconds=300)
HEALTH = Check("health", "Health of a part", (Parameter("part", "Part"),))
RESTORE = Action(
    name="restore",
    title="Restore the database",
    parameters=(Parameter("point", "To which time", kind="time"),),
    risk=Risk.DESTRUCTIVE,
    idempotency_class=IdempotencyClass.ABSOLUTE,
    undo="Restore the copy that was kept.",
    usual_seconds=5,
    gives_up_seconds=60,
    settle_seconds=0.2,
    reversibility=Reversibility.BY_HAND,
    interruptible=False,
)


class Foreign(Provider):
    """One database at a vendor that the portal does not ship."""

    slug = "foreign"
    name = "Foreign"
    settings = (
        Field("region", "Region", required=False, kind="choice", choices=("eu", "us"), help="Where the data lies."),
        Field("project", "Project number", required=False, kind="number"),
        Field("contact", "Contact", required=False, kind="email", placeholder="oncall@example.com"),
        Field("console", "Console", required=False, kind="url", help="Its address in your company."),
        Field("certificate", "Certificate", required=False, kind="lines", placeholder="-----BEGIN CERTIFICATE-----"),
    )
    credentials = (
        Field("token", "Token"),
        Field("key", "Private key", required=False, kind="lines"),
        Field("headers", "Headers", required=False, kind="json", help='For example {"X-Team": "portal"}.'),
    )
    actions = (RESTORE,)
    checks = (LOSS_SHARE, HEALTH)
    roles = ("metrics", "database")
    support = "https://foreign.example/support"

    def check(self, access: Access) -> list[Finding]:
        """Sign in."""
        return [Finding("ok", f"Foreign answered {_read(access, '/health/all').status}.")]

    @ends_in_a_check_result
    def examine(self, access: Access, call: Call) -> CheckResult:
        """Read the figure or the health of a part."""
        if call.action == "health":
            part = call.parameters["part"]
            well = bool(_read(access, f"/health/{part}").json()["well"])
            text = f"{part} is {'well' if well else 'not well'}."
            return CheckResult(well, text, (("done" if well else "failed", text),))
        told = _read(access, "/rate").json()
        return measured(LOSS_SHARE, call.parameters, told["value"], samples=told["samples"])

    @ends_in_an_observation
    def observe(self, access: Access, call: Call, sending: Sending | None = None) -> Observation:
        """Say to which time the database was restored last."""
        told = _read(access, "/state").json()
        seen = Seen.DESIRED if told["restored"] == call.parameters["point"] else Seen.OTHER
        text = f"The database was restored to {told['restored'] or 'no time yet'}."
        return Observation(seen, text, {"restored": told["restored"]}, under_way=told["under_way"])

    @ends_in_an_outcome
    def apply(self, access: Access, call: Call, sending: Sending) -> Outcome:
        """Ask for the restore, which then runs by itself."""
        API.change(access, sending, "POST", "/restore", body={"point": call.parameters["point"]})
        return Outcome(OutcomeKind.SUCCEEDED, "Foreign has begun the restore.")

    def verify(self, access: Access, call: Call, sending: Sending) -> Verification:
        """Say whether the restore is over."""
        seen = self.observe(access, call, sending)
        over = seen.seen is Seen.DESIRED and not seen.under_way
        return Verification(Proof.SATISFIED if over else Proof.NOT_YET, seen.summary)

    def airlock(self, access: Access, call: Call) -> Airlock | None:
        """Say what is written since the point in time, which copy is kept, and why it cannot be done."""
        got = _read(access, "/window")
        told = got.json()
        if got.status != 200:
            raise ProviderError(f"Foreign could not say what would be lost: it answered {got.status}.")
        return Airlock(
            loses=f"Everything written to the database since {call.parameters['point']}.",
            safety_copy="Foreign keeps the database as it is now under “before-restore”.",
            lost_from=datetime.fromisoformat(call.parameters["point"]),
            lost_until=datetime.fromisoformat(told["until"]),
            refusals=told["refusals"],
        )


def _read(access: Access, path: str) -> Any:
    got = API.read(access, path)
    if got.status >= 500:
        raise API.unreadable(access, got, "The figure")
    return got


@dataclass
class Vendor:
    """What the server behind the provider says, to be changed by tests, and what it was asked to do."""

    rate: float | None = 0.2
    samples: int = 1200
    well: bool = True
    broken: int = 0  # a status that every read is answered with
    refusals: list[str] = field(default_factory=list)
    until: str = "2026-03-01T03:00:00+00:00"
    restored: str = ""
    under_way: bool = False
    restores: list[str] = field(default_factory=list)
    url: str = ""
    asked: list[str] = field(default_factory=list)

    def respond(self, request: Asked, connection: socket.socket) -> None:
        """Answer one request."""
        self.asked.append(request.target)
        if request.method == "POST":
            self.restored = request.json()["point"]
            self.restores.append(self.restored)
            answer(202, {})(request, connection)
            return
        told: dict[str, Any] = {
            "/rate": {"value": self.rate, "samples": self.samples},
            "/state": {"restored": self.restored, "under_way": self.under_way},
            "/window": {"until": self.until, "refusals": self.refusals},
        }.get(request.target, {"well": self.well})
        answer(self.broken or 200, told)(request, connection)


def register(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the portal know the provider until the end of the test."""
    monkeypatch.setitem(registry.BUILT_IN, "foreign", f"{__name__}.Foreign")
    installed.cache_clear()


@contextmanager
def vendor_answering(monkeypatch: pytest.MonkeyPatch) -> Iterator[Vendor]:
    """Register the provider and let its server answer."""
    monkeypatch.setenv("OUTBOUND_ALLOW", "127.0.0.0/8")
    register(monkeypatch)
    vendor = Vendor()
    server = RawServer(vendor.respond)
    vendor.url = server.url
    try:
        yield vendor
    finally:
        server.close()
        installed.cache_clear()
