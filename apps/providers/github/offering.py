"""The actions that GitHub offers, as data."""

from __future__ import annotations

from dataclasses import replace

from apps.providers.base import Action, IdempotencyClass, Parameter, Reversibility, Risk
from apps.providers.github.deploying import STATES

OWN_BRANCH = Parameter("branch", "Branch", required=False, help="The connection's branch when empty.")
CREATE_BRANCH = Action(
    name="create_branch",
    title="Branch from a tag",
    parameters=(
        Parameter("branch", "New branch", help="Such as hotfix/PP-12 or rollback/to-v1.2.3."),
        Parameter("source", "Tag or commit", help="A tag, or a commit's SHA."),
    ),
    risk=Risk.SAFE,
    idempotency_class=IdempotencyClass.ABSOLUTE,
    undo="Delete the branch in GitHub when nothing on it is needed.",
    usual_seconds=2,
    gives_up_seconds=60,
)
KEEP_BRANCH = replace(
    CREATE_BRANCH,
    name="keep_branch",
    title="Keep a branch as it is now",
    parameters=(OWN_BRANCH,),
    undo="Delete the kept branch in GitHub once nobody needs it.",
)
RESTORE_BRANCH = replace(
    CREATE_BRANCH,
    name="restore_branch",
    title="Make a branch with the state of an earlier commit",
    parameters=(
        Parameter("branch", "New branch", help="Such as rollback/to-v1.2.3; open a pull request for it next."),
        Parameter("commit", "Commit or tag", help="Whose files it shall have: everything after it is taken back."),
    ),
    usual_seconds=4,
)
OPEN_PULL_REQUEST = replace(
    CREATE_BRANCH,
    name="open_pull_request",
    title="Open a pull request",
    parameters=(
        Parameter("branch", "Branch", help="Which is to be merged into the connection's branch."),
        Parameter("title", "Title"),
        Parameter("text", "Text", required=False),
    ),
    idempotency_class=IdempotencyClass.FINDABLE,
    undo="Close the pull request in GitHub.",
    settle_seconds=3,
)
REVERT_PULL_REQUEST = replace(
    OPEN_PULL_REQUEST,
    name="revert_pull_request",
    title="Open a pull request that reverts another",
    parameters=(Parameter("pull_request", "Pull request", kind="number", help="Number of the merged one."),),
    usual_seconds=5,
)
MERGE_PULL_REQUEST = Action(
    name="merge_pull_request",
    title="Merge a pull request",
    parameters=(
        Parameter("pull_request", "Pull request", kind="number", required=False, help="Its number, or one of these:"),
        Parameter("branch", "Branch", required=False, help="The branch that it comes from."),
        Parameter("reverts", "Reverted one", kind="number", required=False, help="The number of the one it reverts."),
        Parameter("method", "Method", kind="choice", required=False, choices=("merge", "squash", "rebase")),
    ),
    risk=Risk.DISRUPTIVE,
    idempotency_class=IdempotencyClass.ABSOLUTE,
    undo="Revert the pull request by another one.",
    usual_seconds=4,
    gives_up_seconds=120,
    changes_release=True,
)
RESET_BRANCH = Action(
    name="reset_branch",
    title="Set a branch back by force",
    parameters=(Parameter("commit", "Commit or tag", help="Where the branch shall be."), OWN_BRANCH),
    risk=Risk.DESTRUCTIVE,
    idempotency_class=IdempotencyClass.ABSOLUTE,
    undo="Set the branch to the commit of the kept branch by force.",
    usual_seconds=3,
    gives_up_seconds=60,
    lost="The commits of the branch after the chosen one; only the kept branch still has them.",
    interruptible=False,
    changes_release=True,
)
DISPATCH_WORKFLOW = Action(
    name="dispatch_workflow",
    title="Run a workflow and follow it",
    parameters=(
        Parameter("workflow", "Workflow", help="Its file name, such as release.yml."),
        Parameter("inputs", "Inputs", kind="json", required=False, help="At most 24, besides the marker."),
        Parameter("ref", "Branch or tag", required=False, help="The connection's branch when empty."),
        Parameter("marker_input", "Input for our marker", required=False, help="“rollback_portal” when empty."),
    ),
    risk=Risk.DISRUPTIVE,
    idempotency_class=IdempotencyClass.FINDABLE,
    undo="What the workflow did stays; run the workflow that takes it back.",
    usual_seconds=120,
    gives_up_seconds=3600,
    settle_seconds=10,
    changes_release=True,
)
DISPATCH_UNMARKED = replace(
    DISPATCH_WORKFLOW,
    name="dispatch_unmarked",
    title="Run a workflow that does not know our marker",
    parameters=DISPATCH_WORKFLOW.parameters[:3],
    idempotency_class=IdempotencyClass.UNREPEATABLE,
    max_attempts=1,
)
DEPLOYMENT_STATUS = replace(
    CREATE_BRANCH,
    name="deployment_status",
    title="Set the status of a deployment",
    parameters=(
        Parameter("environment", "Environment", help="As GitHub calls it, such as production."),
        Parameter("state", "State", kind="choice", choices=STATES),
        Parameter("commit", "Commit", required=False, help="Its SHA: whatever was deployed last when empty."),
        Parameter("text", "Text", required=False, help="At most 140 characters."),
    ),
    undo="Set the former state.",
)
FREEZE = Action(
    name="freeze",
    title="Freeze a branch",
    parameters=(OWN_BRANCH,),
    risk=Risk.DISRUPTIVE,
    idempotency_class=IdempotencyClass.ABSOLUTE,
    undo="Lift the freeze.",
    usual_seconds=2,
    gives_up_seconds=60,
    inverse="lift_freeze",
    reversibility=Reversibility.AUTOMATIC,
)
LIFT_FREEZE = replace(
    FREEZE, name="lift_freeze", title="Lift the freeze of a branch", undo="Freeze the branch again.", inverse="freeze"
)
ACTIONS = (
    CREATE_BRANCH, REVERT_PULL_REQUEST, RESTORE_BRANCH, OPEN_PULL_REQUEST, MERGE_PULL_REQUEST, KEEP_BRANCH,
    RESET_BRANCH, DISPATCH_WORKFLOW, DISPATCH_UNMARKED, DEPLOYMENT_STATUS, FREEZE, LIFT_FREEZE,
)  # fmt: skip
