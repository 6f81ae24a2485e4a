"""Neon: restore a branch of a Postgres project to a time or LSN, always keeping its state before under a name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from apps.providers.base import (
    Access,
    Action,
    Airlock,
    Call,
    CheckResult,
    Field,
    Finding,
    IdempotencyClass,
    Observation,
    Outcome,
    Parameter,
    Proof,
    Provider,
    Reversibility,
    Risk,
    Seen,
    Sending,
    Verification,
)
from apps.providers.declaring import Check
from apps.providers.endings import ends_in_an_observation, ends_in_an_outcome
from apps.providers.examining import ends_in_a_check_result
from apps.providers.neon import asking, changing, checking, limits, standing, warning
from apps.providers.neon.wire import API

POINT = (
    Parameter("time", "Time", kind="time", required=False, help="Go back to this time. Give a time or an LSN."),
    Parameter("lsn", "LSN", required=False, help="Go back to this log sequence number, such as 0/1DE2850."),
)
RESTORE = Action(
    name="restore",
    title="Restore the database to a time",
    parameters=POINT,
    risk=Risk.DESTRUCTIVE,
    idempotency_class=IdempotencyClass.FINDABLE,
    undo="Put the branch that was kept back with “restore_preserved”; what was written since then is lost with it.",
    usual_seconds=30,
    gives_up_seconds=900,
    settle_seconds=5,
    max_attempts=60,  # a locked project (423) is asked again every few seconds
    interruptible=False,
    lost="Everything that was written to the database after the time it is restored to.",
)
RESTORE_PRESERVED = replace(
    RESTORE,
    name="restore_preserved",
    title="Put a preserved branch back in the database's place",
    parameters=(Parameter("preserved", "Preserved branch", help="Its name or id, such as main-before-…"),),
    undo="Put the branch that this step kept back with “restore_preserved”.",
    lost="Everything that was written to the database since it was restored.",
)
PREVIEW_NAME = Parameter("name", "Name of the preview", help=f"Begins with “{standing.PREVIEW}”.")
PREVIEW_RESTORE = Action(
    name="preview_restore",
    title="Preview a restore in a branch of its own",
    parameters=(PREVIEW_NAME, *POINT),
    risk=Risk.SAFE,
    idempotency_class=IdempotencyClass.ABSOLUTE,
    undo="Delete the preview branch.",
    usual_seconds=10,
    gives_up_seconds=300,
    settle_seconds=3,
    max_attempts=60,
    inverse="delete_preview",
    reversibility=Reversibility.AUTOMATIC,
)
DELETE_PREVIEW = replace(
    PREVIEW_RESTORE,
    name="delete_preview",
    title="Delete a preview branch",
    parameters=(PREVIEW_NAME,),
    undo="Make the preview again of the same time; what was tried out in it is gone.",
    inverse="",
    reversibility=Reversibility.BY_HAND,
)
SAFETY_COPY = Action(
    name="safety_copy",
    title="Keep a copy of the database as it is now",
    parameters=(
        Parameter(
            "kind",
            "Kind of copy",
            kind="choice",
            required=False,
            choices=("branch", "snapshot"),
            help="A branch (default) can be put back by “restore_preserved”; a snapshot only in Neon's own pages.",
        ),
    ),
    risk=Risk.SAFE,
    idempotency_class=IdempotencyClass.FINDABLE,
    undo="Delete the copy in Neon when nobody needs it any more.",
    usual_seconds=5,
    gives_up_seconds=300,
    settle_seconds=3,
    max_attempts=60,
)
CHANGES = {
    RESTORE.name: changing.restore,
    RESTORE_PRESERVED.name: changing.restore,
    PREVIEW_RESTORE.name: changing.preview,
    DELETE_PREVIEW.name: changing.delete_preview,
    SAFETY_COPY.name: changing.safety_copy,
}


class Neon(Provider):
    """One branch of a Neon project."""

    slug = "neon"
    name = "Neon"
    default_base_url = API.default_base_url
    settings = (
        Field("project_id", "Project id", help="From the project's settings.", placeholder="shiny-wind-028834"),
        Field("branch_id", "Branch", required=False, help="Id or name; empty for the default one.", placeholder="br-…"),
    )
    credentials = (Field("api_key", "API key", help="A project's key is enough; it must be allowed to edit."),)
    actions = (RESTORE, RESTORE_PRESERVED, PREVIEW_RESTORE, DELETE_PREVIEW, SAFETY_COPY)
    checks: tuple[Check, ...] = asking.CHECKS
    roles = ("database",)
    support = "https://neon.com/docs/introduction/support"

    def problems(self, call: Call) -> Sequence[str]:
        """Refuse a point that is none, and names of previews that could be anything else."""
        if found := super().problems(call):
            return found
        if call.action in (RESTORE.name, PREVIEW_RESTORE.name) and (text := limits.point_problem(call.parameters)):
            return (text,)
        name = call.parameters.get("name")
        if name is not None and (not name.startswith(standing.PREVIEW) or name.strip() != name or len(name) > 120):
            return (f"“{name[:120]}” cannot be a preview: its name begins with “{standing.PREVIEW}”.",)
        return ()

    def check(self, access: Access) -> list[Finding]:
        """Sign in and look at everything that could stop a restore; change nothing."""
        return checking.findings(access)

    @ends_in_an_observation
    def observe(self, access: Access, call: Call, sending: Sending | None = None) -> Observation:
        """Say whether the restore, the preview or the copy is there, or being made just now."""
        if call.action in (PREVIEW_RESTORE.name, DELETE_PREVIEW.name):
            return standing.of_preview(access, call)
        if call.action == SAFETY_COPY.name:
            return standing.of_copy(access, call, sending)
        return standing.of_restore(access, sending)

    @ends_in_an_outcome
    def apply(self, access: Access, call: Call, sending: Sending) -> Outcome:
        """Send the one request; Neon's yes means begun, and the operations tell when it has ended."""
        try:
            return CHANGES[call.action](access, call, sending)
        except changing.NotNow as stopped:
            return stopped.outcome

    def verify(self, access: Access, call: Call, sending: Sending) -> Verification:
        """Say whether every operation has ended well; one that failed for good is a failure."""
        seen = self.observe(access, call, sending)
        marks = {"finished": "done", "skipped": "done", "failed": "failed", "cancelled": "failed"}
        steps = {name: text for name, text in seen.readings.items() if text in STATUSES}
        lines = tuple((marks.get(text, "running"), f"{name}: {text}") for name, text in steps.items())
        if seen.seen is Seen.DESIRED:
            return Verification(Proof.SATISFIED, seen.summary, lines or (("done", seen.summary),))
        proof = Proof.VIOLATED if standing.GAVE_UP in seen.readings else Proof.NOT_YET
        return Verification(proof, seen.summary, lines)

    @ends_in_a_check_result
    def examine(self, access: Access, call: Call) -> CheckResult:
        """Ask one of the checks; reads only."""
        return asking.examine(access, call)

    def airlock(self, access: Access, call: Call) -> Airlock | None:
        """Say what is lost between the wanted time and now, and what is kept. Raises ProviderError."""
        return warning.airlock(access, call) if self.action(call.action).risk is Risk.DESTRUCTIVE else None

    def inverse_of(self, call: Call, baseline: Observation) -> Call | None:
        """Return the deletion of a preview that was not there before."""
        if call.action != PREVIEW_RESTORE.name or baseline.seen is Seen.DESIRED or "id" in baseline.readings:
            return None
        return Call(DELETE_PREVIEW.name, {"name": call.parameters["name"]})

    def what_stays(self, call: Call) -> Sequence[str]:
        """Say what a restore does not bring back, and what it does beside."""
        if self.action(call.action).risk is not Risk.DESTRUCTIVE:
            return ()
        return (
            "A restore overwrites all databases of the branch; its connections drop and applications connect again.",
            "Mails, payments and files that were made after the restored time stay as they are outside the database.",
            "Branches that were made of this one hang below the preserved branch from then on.",
        )

    def link(self, access: Access, call: Call) -> str:
        """Return the page of the project's branches."""
        project = access.settings.get("project_id", "")
        if access.base_url not in ("", self.default_base_url) or not project:
            return ""
        return f"{self.default_base_url}/app/projects/{project}/branches"


STATUSES = {"scheduling", "running", "finished", "failed", "error", "cancelling", "cancelled", "skipped"}
