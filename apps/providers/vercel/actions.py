"""What Vercel can be asked to do, as data."""

from __future__ import annotations

from dataclasses import replace

from apps.providers.base import Action, IdempotencyClass, Parameter, Reversibility, Risk

ROLLBACK = Action(
    name="rollback",
    title="Roll production back",
    parameters=(Parameter("deployment", "Deployment", help="The id of a deployment that has served production."),),
    risk=Risk.DISRUPTIVE,
    idempotency_class=IdempotencyClass.ABSOLUTE,
    undo="Promote the deployment that was live before; new releases then go live by themselves again.",
    usual_seconds=5,
    gives_up_seconds=180,
    settle_seconds=3,
    inverse="promote",
    reversibility=Reversibility.AUTOMATIC,
    serves_traffic=True,
)
PROMOTE = replace(
    ROLLBACK,
    name="promote",
    title="Put a deployment into production",
    parameters=(
        Parameter(
            "deployment",
            "Deployment",
            help="The id of a production deployment. Promoting the one that is live ends the pin of a rollback.",
        ),
    ),
    undo="Roll production back to the deployment that was live before.",
    inverse="rollback",
)
SWITCH_ALIAS = Action(
    name="switch_alias",
    title="Switch one address to a deployment",
    parameters=(
        Parameter("alias", "Address", help="One host name, such as app.example.com."),
        Parameter("deployment", "Deployment", help="The id of a deployment that is built: blue or green."),
    ),
    risk=Risk.DISRUPTIVE,
    idempotency_class=IdempotencyClass.ABSOLUTE,
    undo="Switch the address to the deployment that it served before.",
    usual_seconds=3,
    gives_up_seconds=120,
    settle_seconds=2,
    inverse="switch_alias",
    reversibility=Reversibility.AUTOMATIC,
    serves_traffic=True,
)
REDEPLOY = Action(
    name="redeploy",
    title="Build a deployment again and make it live",
    parameters=(
        Parameter("deployment", "Deployment", help="The id of the production deployment whose source is built again."),
    ),
    risk=Risk.DISRUPTIVE,
    idempotency_class=IdempotencyClass.FINDABLE,
    undo="Roll production back to the deployment that was live before; the new build stays in the list.",
    usual_seconds=120,
    gives_up_seconds=1800,
    settle_seconds=5,
    changes_release=True,
)
PUT_VARIABLE_BACK = Action(
    name="put_variable_back",
    title="Put an environment variable back",
    parameters=(
        Parameter("variable", "Variable", help="Its name, such as SHARE_SIGNING_KEY_ID."),
        Parameter("deployment", "Deployment", help="The id of a deployment that was built with the wanted value."),
    ),
    risk=Risk.DISRUPTIVE,
    idempotency_class=IdempotencyClass.ABSOLUTE,
    undo="Put the value of the deployment that was live before back, where that one has it; else enter it at Vercel.",
    usual_seconds=3,
    gives_up_seconds=60,
    settle_seconds=2,
    inverse="put_variable_back",
    reversibility=Reversibility.AUTOMATIC,
)
MAINTENANCE_ON = Action(
    name="maintenance_on",
    title="Send every visitor to the maintenance page",
    parameters=(
        Parameter(
            "page",
            "Page",
            required=False,
            help="A path of the project or an https address; /maintenance.html when empty. It has to be there already.",
        ),
    ),
    risk=Risk.DISRUPTIVE,
    idempotency_class=IdempotencyClass.ABSOLUTE,
    undo="Switch maintenance off.",
    usual_seconds=4,
    gives_up_seconds=120,
    settle_seconds=2,
    inverse="maintenance_off",
    reversibility=Reversibility.AUTOMATIC,
)
MAINTENANCE_OFF = replace(
    MAINTENANCE_ON,
    name="maintenance_off",
    title="Let visitors in again",
    parameters=(),
    undo="Switch maintenance on.",
    inverse="maintenance_on",
)
PAUSE = Action(
    name="pause",
    title="Pause the project",
    parameters=(),
    risk=Risk.DISRUPTIVE,
    idempotency_class=IdempotencyClass.ABSOLUTE,
    undo="Serve the project again.",
    usual_seconds=3,
    gives_up_seconds=120,
    settle_seconds=2,
    inverse="unpause",
    reversibility=Reversibility.AUTOMATIC,
)
UNPAUSE = replace(
    PAUSE, name="unpause", title="Serve the paused project again", undo="Pause the project.", inverse="pause"
)
ACTIONS = (
    ROLLBACK,
    PROMOTE,
    SWITCH_ALIAS,
    REDEPLOY,
    PUT_VARIABLE_BACK,
    MAINTENANCE_ON,
    MAINTENANCE_OFF,
    PAUSE,
    UNPAUSE,
)
