"""What a playbook says, as immutable values. Knows no files, no database and no provider.

Every field is left out of the canonical form while it has its default, so that a playbook written today
keeps its content hash when later versions of this module know more fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.deployments.roles import ROLES
from apps.playbooks.choices import Audience, InputKind, Kind, OnFailure

CONNECTION_ROLES = tuple(ROLES)
MESSAGE_ROLES = frozenset({"chat", "paging", "mail", "status"})  # a message never stops a run
SEVERITIES = ("P0", "P1", "P2", "P3")
CHECK_WITHIN_SECONDS = 60


@dataclass(frozen=True)
class Approvals:
    """Who must agree: one seat for each role of `all_of`, or `needed` people out of the roles of `any_of`.

    An empty `all_of` with an empty `any_of` means that nobody has to vote. After `due_minutes` the question
    escalates, after `expires_minutes` it is void.
    """

    all_of: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    needed: int = 1
    due_minutes: int | None = None
    expires_minutes: int = 60

    @property
    def nobody(self) -> bool:
        """Say whether a proposal may start without any vote."""
        return not self.all_of and not self.any_of

    @property
    def roles(self) -> tuple[str, ...]:
        """Return the slugs of every role that may or must vote."""
        return self.all_of or self.any_of


DEFAULT_APPROVALS = Approvals(any_of=("incident-commander", "technical-lead"))


@dataclass(frozen=True)
class Trigger:
    """When to think of this playbook: a sentence, or a signal above a number for some minutes."""

    text: str = ""
    signal: str = ""
    above: float | int | None = None
    for_minutes: int | None = None


@dataclass(frozen=True)
class Input:
    """Something the proposer fills in; reached in texts as `{inputs.<name>}`."""

    name: str
    title: str
    kind: InputKind = InputKind.TEXT
    required: bool = False
    default: str | tuple[str, ...] | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Loss:
    """Something that is gone afterwards; people tick it by its name before they may approve."""

    name: str
    text: str


@dataclass(frozen=True)
class Check:
    """A question to a public address, or to a provider that declares it.

    `path` is joined to the environment's address, `url` stands alone. Without `status` every 2xx counts. `json` lists
    members that the answer must contain, at any depth. A provider is asked the check `name` with `parameters`, through
    the environment's connection of `role`.
    """

    path: str = ""
    url: str = ""
    method: str = "GET"
    status: int | None = None
    contains: str = ""
    header: Mapping[str, str] = field(default_factory=dict)
    json: Mapping[str, Any] | None = None
    within_seconds: int = CHECK_WITHIN_SECONDS
    role: str = ""
    name: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def use(self) -> str:
        """Return `<connection role>.<check>` where a provider is asked, else an empty text."""
        return f"{self.role}.{self.name}" if self.name else ""


@dataclass(frozen=True)
class Step:
    """What all steps have. `line` is where it begins in the text, or None; it is not part of the content.

    `approvals` is who must agree before this step begins, besides those who agreed to the start.
    """

    name: str
    on_failure: OnFailure = OnFailure.HALT
    usual_seconds: int | None = None
    gives_up_seconds: int | None = None
    losses: tuple[Loss, ...] = ()
    approvals: Approvals | None = None
    line: int | None = field(default=None, compare=False)


@dataclass(frozen=True)
class ActionStep(Step):
    """One use of a provider's action through the environment's connection of that role."""

    role: str = ""
    action: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def use(self) -> str:
        """Return `<connection role>.<action>` as it is written in a playbook."""
        return f"{self.role}.{self.action}"

    @property
    def is_message(self) -> bool:
        """Say whether the step tells people something, which is rendered when sent and never stops a run."""
        return self.role in MESSAGE_ROLES


@dataclass(frozen=True)
class CheckStep(Step):
    """Proof that something works, asked again until it holds or its time is over."""

    check: Check = field(default_factory=Check)


@dataclass(frozen=True)
class HumanStep(Step):
    """Something a person does; the run waits for them."""

    instructions: str = ""
    evidence: bool = False


@dataclass(frozen=True)
class GateStep(Step):
    """Nothing is sent: the run waits until the people of its `approvals` have agreed that it goes on."""


@dataclass(frozen=True)
class ChecklistItem:
    """One thing to tick. Due times count from the end of the run."""

    id: str
    text: str
    role: str = ""
    due_minutes: int | None = None
    due_business_days: int | None = None


@dataclass(frozen=True)
class Checklist:
    """Things to tick `before` the run starts, `during` it or `after` it."""

    title: str
    when: str = "after"
    items: tuple[ChecklistItem, ...] = ()


@dataclass(frozen=True)
class Message:
    """A text for people, with placeholders filled when it is sent."""

    name: str
    audience: Audience
    text: str
    channel: str = ""
    subject: str = ""


@dataclass(frozen=True)
class Fits:
    """Limits on where a shipped playbook is published; empty means everywhere its roles are connected."""

    organisations: tuple[str, ...] = ()
    services: tuple[str, ...] = ()


@dataclass(frozen=True)
class Definition:
    """A whole playbook. `approvals_by_severity` holds only the severities that differ from `approvals`."""

    slug: str
    name: str
    steps: tuple[Step, ...]
    version: int = 1
    kind: Kind = Kind.ROLLBACK
    summary: str = ""
    owner: str = ""
    fits: Fits = Fits()
    when_to_use: tuple[str, ...] = ()
    when_not_to_use: tuple[str, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    target_minutes: int | None = None
    rto_minutes: int | None = None
    update_cadence_minutes: int | None = None
    approvals: Approvals = DEFAULT_APPROVALS
    approvals_by_severity: Mapping[str, Approvals] = field(default_factory=dict)
    inputs: tuple[Input, ...] = ()
    losses: tuple[Loss, ...] = ()
    messages: tuple[Message, ...] = ()
    checklists: tuple[Checklist, ...] = ()

    @property
    def roles_used(self) -> frozenset[str]:
        """Return the connection roles an environment needs before this playbook can run there."""
        acting = {step.role for step in self.steps if isinstance(step, ActionStep)}
        return frozenset(acting | {step.check.role for step in self.steps if isinstance(step, CheckStep)} - {""})

    @property
    def all_losses(self) -> tuple[Loss, ...]:
        """Return the losses of the playbook and of its steps, in that order, each once."""
        return tuple(dict.fromkeys((*self.losses, *(loss for step in self.steps for loss in step.losses))))

    def approvals_for(self, severity: str) -> Approvals:
        """Return who must agree when the incident has this severity (`P0` to `P3`)."""
        return self.approvals_by_severity.get(severity, self.approvals)

    def message(self, name: str) -> Message | None:
        """Return the message template called `name`, or None."""
        return next((message for message in self.messages if message.name == name), None)
