"""What a role can allow: each right is a permission on the organisation, with the deed in words."""

SEE_INTERNAL = "see_internal"
DECLARE = "declare"
PROPOSE = "propose"
APPROVE = "approve"
OPERATE = "operate"
FREEZE = "freeze"
COMMUNICATE = "communicate"
TICK = "tick"
EDIT_PLAYBOOKS = "edit_playbooks"
PUBLISH_PLAYBOOKS = "publish_playbooks"
REGISTER_DEPLOYMENTS = "register_deployments"
ADMINISTER = "administer"

DEEDS: dict[str, str] = {
    SEE_INTERNAL: "read internal notes",
    DECLARE: "declare and resolve incidents",
    PROPOSE: "propose a rollback",
    APPROVE: "approve or reject",
    OPERATE: "pause, resume or cancel a rollback, or decide about its steps",
    FREEZE: "freeze or unfreeze",
    COMMUNICATE: "send updates",
    TICK: "tick checklist items",
    EDIT_PLAYBOOKS: "edit playbooks",
    PUBLISH_PLAYBOOKS: "publish playbooks",
    REGISTER_DEPLOYMENTS: "register deployments",
    ADMINISTER: "manage people, services and connections",
}

EVERY: frozenset[str] = frozenset(DEEDS)
