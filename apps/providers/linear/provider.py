"""Linear: issues, comments, links and statuses, each made once by an id of our own."""

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
    Parameter,
    Proof,
    Provider,
    Reversibility,
    Risk,
    Seen,
    Sending,
    Verification,
)
from apps.providers.endings import ends_in_an_observation, ends_in_an_outcome
from apps.providers.examining import ends_in_a_check_result
from apps.providers.hooks import WEBHOOK_SECRET
from apps.providers.linear import checking, tracking
from apps.providers.linear.finding import issue_problem
from apps.providers.linear.signing import LinearHook
from apps.providers.linear.wire import API

ISSUE = Parameter("issue", "Issue", help="Its identifier, such as PP-12.")
CREATE_ISSUE = Action(
    name="create_issue",
    title="Make an issue",
    parameters=(
        Parameter("title", "Title"),
        Parameter("description", "Description", required=False, help="In Markdown."),
        Parameter("priority", "Priority", kind="choice", required=False, choices=tuple(tracking.PRIORITIES)),
        Parameter("status", "Status", required=False, help="The team's first one when empty."),
        Parameter("labels", "Labels", kind="list", required=False, help="Names of labels that there are."),
        Parameter("assignee", "Assignee", required=False, help="The person's e-mail address in Linear."),
    ),
    risk=Risk.SAFE,
    idempotency_class=IdempotencyClass.KEYED,
    undo="Cancel the issue in Linear.",
    usual_seconds=1,
    gives_up_seconds=60,
)
COMMENT = replace(
    CREATE_ISSUE,
    name="comment",
    title="Comment on an issue",
    parameters=(ISSUE, Parameter("body", "Text", help="In Markdown.")),
    undo="Delete the comment in Linear; people may have been notified.",
)
LINK = replace(
    CREATE_ISSUE,
    name="link",
    title="Link an issue to an address",
    parameters=(ISSUE, Parameter("url", "Address"), Parameter("title", "Title")),
    undo="Delete the link in Linear.",
)
SET_STATUS = replace(
    CREATE_ISSUE,
    name="set_status",
    title="Change the status of an issue",
    parameters=(ISSUE, Parameter("status", "Status", help="As the issue's team calls it, such as In Progress.")),
    idempotency_class=IdempotencyClass.ABSOLUTE,
    undo="Set the former status.",
    inverse="set_status",
    reversibility=Reversibility.AUTOMATIC,
)
ISSUE_STATUS = Check("issue_status", "An issue has a status", SET_STATUS.parameters)


class Linear(Provider):
    """One team of a Linear workspace."""

    slug = "linear"
    name = "Linear"
    default_base_url = API.default_base_url
    settings = (
        Field("team", "Team", help="Its key, as it stands before the number of an issue, or its id.", placeholder="PP"),
        Field(
            "sign_in",
            "Sign in with",
            required=False,
            help="When empty, a token that begins with lin_oauth_ is an OAuth token, any other a personal key.",
            kind="choice",
            choices=("personal API key", "OAuth token"),
        ),
    )
    credentials = (
        Field("token", "API key or token", help="Needs the rights to read and to write.", placeholder="lin_api_…"),
        WEBHOOK_SECRET,
    )
    # Linear-Delivery is not signed and webhookId names the webhook: a delivery is known by its bytes.
    hook = LinearHook("Linear-Signature", "sha256", (), ("type",))
    actions = (CREATE_ISSUE, COMMENT, LINK, SET_STATUS)
    checks = (ISSUE_STATUS,)
    roles = ("tracker",)
    support = "https://linear.app/contact"

    def problems(self, call: Call) -> Sequence[str]:
        """Refuse what can be no issue, besides what every provider checks."""
        found = list(super().problems(call))
        if not found and "issue" in call.parameters and (text := issue_problem(call.parameters["issue"])):
            found.append(text)
        if not found and call.action == "link" and not str(call.parameters["url"]).startswith(("https://", "http://")):
            found.append("“url” must be a web address.")
        return found

    def check_problems(self, call: Call) -> Sequence[str]:
        """Refuse what can be no issue, besides what every provider checks."""
        found = list(super().check_problems(call))
        if not found and (text := issue_problem(call.parameters["issue"])):
            found.append(text)
        return found

    def check(self, access: Access) -> list[Finding]:
        """Sign in and look for the team, its statuses, the plan and the budgets; change nothing."""
        return checking.findings(access)

    @ends_in_an_observation
    def observe(self, access: Access, call: Call, sending: Sending | None = None) -> Observation:
        """Say how that stands which the action is about."""
        return tracking.observe(access, call, sending)

    @ends_in_an_outcome
    def apply(self, access: Access, call: Call, sending: Sending) -> Outcome:
        """Read what is needed, then send the one mutation."""
        return tracking.apply(access, call, sending)

    def verify(self, access: Access, call: Call, sending: Sending) -> Verification:
        """Say whether the effect is seen."""
        seen = self.observe(access, call, sending)
        done = seen.seen is Seen.DESIRED
        lines = (("done" if done else "running", seen.summary),)
        return Verification(Proof.SATISFIED if done else Proof.NOT_YET, seen.summary, lines)

    @ends_in_a_check_result
    def examine(self, access: Access, call: Call) -> CheckResult:
        """Ask whether an issue has a status: the proof that work which has to come first is done."""
        seen = tracking.observe(access, Call("set_status", call.parameters), None)
        holds = seen.seen is Seen.DESIRED
        return CheckResult(holds, seen.summary, (("done" if holds else "failed", seen.summary),))

    def inverse_of(self, call: Call, baseline: Observation) -> Call | None:
        """Return the call that puts the former status back."""
        before = baseline.identity.get("status")
        if call.action != SET_STATUS.name or baseline.seen is not Seen.OTHER or not before:
            return None
        return Call(SET_STATUS.name, {**call.parameters, "status": before})

    def what_stays(self, call: Call) -> Sequence[str]:
        """Say what undoing a rollback does not take back."""
        if call.action == SET_STATUS.name:
            return ("The history of the issue shows both changes.",)
        return ("What was written in Linear stays there; people may have been notified.",)

    def link(self, access: Access, call: Call) -> str:
        """Return the issue's page."""
        if access.base_url not in ("", self.default_base_url) or "issue" not in call.parameters:
            return ""
        return f"https://linear.app/issue/{call.parameters['issue']}"
