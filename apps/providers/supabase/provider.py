"""Supabase: restore a project to a time, a backup or a restore point, and tell how its services are."""

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
    ProviderError,
    Risk,
    Sending,
    Verification,
)
from apps.providers.endings import ends_in_an_observation, ends_in_an_outcome
from apps.providers.examining import ends_in_a_check_result
from apps.providers.supabase import asking, changing, checking, limits, standing, warning
from apps.providers.supabase.wire import API, SUPPORT

COPY = (
    Parameter(
        "restore_point",
        "Restore point kept before",
        required=False,
        help="Name of the restore point that an earlier step makes. Without it nothing is sent.",
    ),
    Parameter(
        "copy_made_by_hand",
        "A copy was made by hand",
        kind="yes_no",
        required=False,
        help="Instead of a restore point: a person has made a dump before this step.",
    ),
)
POINT_NAME = Parameter("name", "Restore point", help=f"At most {limits.LONGEST_NAME} characters.")
CREATE_POINT = Action(
    name="create_restore_point",
    title="Keep a restore point",
    parameters=(POINT_NAME,),
    risk=Risk.SAFE,
    idempotency_class=IdempotencyClass.FINDABLE,
    undo="A restore point changes nothing; it goes away with the backups that it belongs to.",
    usual_seconds=15,
    gives_up_seconds=600,
    settle_seconds=5,
    max_attempts=10,
)
RESTORE_TO_TIME = Action(
    name="restore_to_time",
    title="Restore the database to a time",
    parameters=(Parameter("time", "Time", kind="time", help="To the second."), *COPY),
    risk=Risk.DESTRUCTIVE,
    idempotency_class=IdempotencyClass.UNREPEATABLE,
    undo="Go back with “restore_to_point” to the point that was kept, if Supabase still has it, or load the dump.",
    usual_seconds=1200,
    gives_up_seconds=2400,
    settle_seconds=10,
    interruptible=False,
    lost="Everything that was written to the database after the time it is restored to.",
)
RESTORE_BACKUP = replace(
    RESTORE_TO_TIME,
    name="restore_backup",
    title="Restore a daily backup",
    parameters=(Parameter("backup", "Backup", kind="number", help="Its id, as the check “backups” lists it."), *COPY),
    lost="Everything that was written to the database after the backup was made.",
)
RESTORE_TO_POINT = replace(
    RESTORE_TO_TIME,
    name="restore_to_point",
    title="Go back to a restore point",
    parameters=(POINT_NAME, *COPY),
    lost="Everything that was written to the database after the restore point was made.",
)


class Supabase(Provider):
    """One Supabase project."""

    slug = "supabase"
    name = "Supabase"
    default_base_url = API.default_base_url
    settings = (
        Field(
            "project_ref",
            "Project reference",
            help="The twenty letters in the project's address.",
            placeholder="abcdefghijklmnopqrst",
        ),
    )
    credentials = (
        Field("access_token", "Access token", help="Of an account (sbp_…), best scoped to backups and this project."),
    )
    actions = (CREATE_POINT, RESTORE_TO_TIME, RESTORE_BACKUP, RESTORE_TO_POINT)
    checks = asking.CHECKS
    roles = ("database",)
    support = SUPPORT

    def problems(self, call: Call) -> Sequence[str]:
        """Refuse a restore without a copy, and names and numbers that cannot be, besides what every provider checks."""
        found = list(super().problems(call))
        if found:
            return found
        if "name" in call.parameters and (text := limits.name_problem(call.parameters["name"])):
            return (text,)
        if call.action == CREATE_POINT.name:
            return ()
        if text := limits.copy_problem(call.parameters):
            return (text,)
        if not float(call.parameters.get("backup", 0)).is_integer():
            return ("“backup” must be a whole number.",)
        if "name" in call.parameters and call.parameters["name"] == call.parameters.get("restore_point"):
            return ("The restore point to keep must be another one than that to go back to.",)
        return ()

    def check_problems(self, call: Call) -> Sequence[str]:
        """Refuse services that there are not, besides what every provider checks."""
        found = super().check_problems(call)
        if not found and call.action == asking.HEALTH.name and (text := asking.services_problem(call)):
            return (text,)
        return found

    def check(self, access: Access) -> list[Finding]:
        """Sign in and look at everything that could stop a restore; change nothing."""
        return checking.findings(access)

    @ends_in_an_observation
    def observe(self, access: Access, call: Call, sending: Sending | None = None) -> Observation:
        """Say whether the restore point is there; for a restore only the project's status can be told."""
        if call.action == CREATE_POINT.name:
            return standing.of_point(access, call.parameters["name"])
        return standing.of_restore(access, sending)

    @ends_in_an_outcome
    def apply(self, access: Access, call: Call, sending: Sending) -> Outcome:
        """Send the one request; Supabase's yes means taken, not done."""
        make = changing.create_point if call.action == CREATE_POINT.name else changing.restore
        try:
            return make(access, call, sending)
        except changing.NotNow as stopped:
            return stopped.outcome

    def verify(self, access: Access, call: Call, sending: Sending) -> Verification:
        """Say whether the project is up again, or the restore point is there."""
        if call.action == CREATE_POINT.name:
            return standing.proof_of_point(self.observe(access, call, sending))
        try:
            return standing.proof_of_restore(access, call)
        except ProviderError as error:
            return Verification(Proof.NOT_YET, f"{error} {limits.ASK}")

    @ends_in_a_check_result
    def examine(self, access: Access, call: Call) -> CheckResult:
        """Ask one of the checks; reads only."""
        return asking.examine(access, call)

    def airlock(self, access: Access, call: Call) -> Airlock | None:
        """Say what is lost, what Supabase can go back to and which copy is kept. Raises ProviderError."""
        return warning.airlock(access, call) if self.action(call.action).risk is Risk.DESTRUCTIVE else None

    def what_stays(self, call: Call) -> Sequence[str]:
        """Say what a restore does not bring back."""
        if self.action(call.action).risk is not Risk.DESTRUCTIVE:
            return ()
        return (
            "Files in Supabase Storage stay as they are: only the database is restored, so rows and files may differ.",
            "Secrets, Edge Functions and settings of the project stay as they are.",
            "Passwords of roles made by hand are not in a daily backup: set them again.",
        )

    def link(self, access: Access, call: Call) -> str:
        """Return the page of the project's backups."""
        if access.base_url not in ("", self.default_base_url):
            return ""
        kind = "pitr" if call.action == RESTORE_TO_TIME.name else "scheduled"
        return f"https://supabase.com/dashboard/project/{access.settings.get('project_ref')}/database/backups/{kind}"
