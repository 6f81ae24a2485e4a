"""What a role can allow: each right is a permission on the organisation, with the deed in words."""

SEE = "see"
SEE_INTERNAL = "see_internal"
DECLARE = "declare"
PROPOSE = "propose"
APPROVE = "approve"
APPROVE_RESTORES = "approve_restores"
OPERATE = "operate"
FREEZE = "freeze"
COMMUNICATE = "communicate"
TICK = "tick"
EDIT_PLAYBOOKS = "edit_playbooks"
PUBLISH_PLAYBOOKS = "publish_playbooks"
REGISTER_DEPLOYMENTS = "register_deployments"
ADMINISTER = "administer"

DEEDS: dict[str, str] = {
    SEE: "see services, incidents and rollbacks",
    SEE_INTERNAL: "read internal notes",
    DECLARE: "declare and resolve incidents",
    PROPOSE: "propose a rollback",
    APPROVE: "approve or reject",
    APPROVE_RESTORES: "approve a restore in production",
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

# What can be granted for one service or one environment only, instead of the whole organisation.
SCOPED: frozenset[str] = frozenset(
    {SEE, SEE_INTERNAL, DECLARE, PROPOSE, APPROVE, APPROVE_RESTORES, OPERATE, FREEZE, REGISTER_DEPLOYMENTS}
)
