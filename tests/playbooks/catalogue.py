"""A catalogue with the actions of contract version 1, as the providers declare them."""

from apps.playbooks.catalogue import Catalogue, Offer, catalogue_of
from apps.providers.base import Action, IdempotencyClass, Parameter, Risk
from tests.providers.foreign import Foreign


def action(name, *parameters, risk=Risk.DISRUPTIVE, **more):
    """Return an action of class A with required text parameters; one that ends with ? is optional."""
    return Action(
        name=name,
        title=name.replace("_", " "),
        parameters=tuple(Parameter(one.rstrip("?"), one, required=not one.endswith("?")) for one in parameters),
        risk=risk,
        idempotency_class=IdempotencyClass.ABSOLUTE,
        undo="",
        **{"usual_seconds": 10, "gives_up_seconds": 120} | more,
    )


ACTIONS = {
    "hosting": (
        action("rollback", "deployment", serves_traffic=True),
        action("promote", "deployment", serves_traffic=True),
    ),
    "flags": (action("flags_off", "flags", inverse="flags_on"), action("flags_on", "flags")),
    "cache": (
        action("delete_prefix", "prefix", risk=Risk.DESTRUCTIVE),
        action("flush", risk=Risk.DESTRUCTIVE, lost="all"),
    ),
    "chat": (action("post", "text", "channel?", risk=Risk.SAFE),),
    "paging": (
        action("trigger", "summary", risk=Risk.SAFE),
        action("note", "incident?", "content", risk=Risk.SAFE),
    ),
}
CATALOGUE = Catalogue(
    offers_by_use=tuple(
        (f"{role}.{one.name}", (Offer("any", "Any", one),))
        for role, actions in sorted(ACTIONS.items())
        for one in actions
    ),
    questions_by_use=catalogue_of([Foreign()]).questions_by_use,
)
