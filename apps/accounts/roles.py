"""The roles that every organisation starts with: duties and rights. The ids in comments name the demands."""

from __future__ import annotations

from dataclasses import dataclass

from apps.accounts.rights import (
    APPROVE,
    APPROVE_RESTORES,
    COMMUNICATE,
    DECLARE,
    EDIT_PLAYBOOKS,
    EVERY,
    FREEZE,
    OPERATE,
    PROPOSE,
    PUBLISH_PLAYBOOKS,
    REGISTER_DEPLOYMENTS,
    SEE,
    SEE_INTERNAL,
    TICK,
)


@dataclass(frozen=True)
class StandardRole:
    """One role as it is given to a new organisation."""

    slug: str
    name: str
    duties: str
    rights: frozenset[str]


ADMINISTRATOR = "admin"
STAKEHOLDER = "stakeholder"

INSIDE = frozenset({SEE, SEE_INTERNAL, DECLARE, TICK})
RESPONDING = INSIDE | {PROPOSE, OPERATE, FREEZE, REGISTER_DEPLOYMENTS}
DECIDING = INSIDE | {APPROVE, FREEZE, COMMUNICATE}

STANDARD_ROLES: tuple[StandardRole, ...] = (
    StandardRole(
        ADMINISTRATOR,
        "Administrator",
        "Looks after people, services and connections. Does not vote.",
        EVERY - {APPROVE, APPROVE_RESTORES},
    ),
    StandardRole(  # S1-54, S2-50
        "incident-commander",
        "Incident Commander",
        "Leads the response: judges severity, proposes or approves the rollback, keeps everybody told.",
        RESPONDING | DECIDING,
    ),
    StandardRole(  # S1-54, S2-50
        "technical-lead",
        "Technical Lead",
        "Knows the release: finds the cause, chooses the target, carries out and proves the rollback.",
        RESPONDING | {APPROVE, EDIT_PLAYBOOKS},
    ),
    StandardRole(  # S1-54
        "reliability-partner",
        "Reliability Partner",
        "Owns the playbooks, the drills and the lessons.",
        RESPONDING | {APPROVE, EDIT_PLAYBOOKS, PUBLISH_PLAYBOOKS},
    ),
    StandardRole(  # S1-54, S2-50
        "security-specialist",
        "Security Specialist",
        "Judges what an incident and a rollback mean for data and access.",
        INSIDE | {PROPOSE, APPROVE, FREEZE},
    ),
    StandardRole(  # S2-11, S2-50
        "founder",
        "Founder",
        "Agrees to a rollback for the business.",
        DECIDING,
    ),
    StandardRole(  # S2-11, S2-50
        "client-success-lead",
        "Client Success Lead",
        "Agrees to a rollback for the clients, and tells them.",
        DECIDING - {FREEZE},
    ),
    StandardRole(  # S4-68
        "engineering-lead",
        "Engineering Lead",
        "Approves P1 rollbacks and sees them through.",
        RESPONDING | DECIDING | {EDIT_PLAYBOOKS, PUBLISH_PLAYBOOKS},
    ),
    StandardRole(  # S4-36, S4-68
        "cto",
        "CTO",
        "Approves every restore of a database.",
        RESPONDING | DECIDING | {APPROVE_RESTORES, PUBLISH_PLAYBOOKS},
    ),
    StandardRole(  # S3-16, S3-62, S4-68, S5-50
        "on-call-engineer",
        "On-Call Engineer",
        "Is called first, and may roll back at once where the rule says so.",
        RESPONDING | {APPROVE},
    ),
    StandardRole(  # S5-50
        "engineering-manager",
        "Engineering Manager",
        "Is called when the on-call engineer does not answer.",
        RESPONDING | DECIDING,
    ),
    StandardRole(  # S3-16, S3-62
        "human-owner",
        "Human Owner",
        "Answers for the production system, and authorises every rollback of it.",
        RESPONDING | DECIDING,
    ),
    StandardRole(  # S3-16
        "team-lead",
        "Team Lead",
        "Leads a team with access to production.",
        RESPONDING | {APPROVE},
    ),
    StandardRole(  # S3-70
        "governance-liaison",
        "Governance Liaison",
        "Owns the rollback documents and reviews them each quarter.",
        INSIDE | {EDIT_PLAYBOOKS, PUBLISH_PLAYBOOKS},
    ),
    StandardRole(
        "auditor",
        "Auditor",
        "Reads the whole record and changes nothing.",
        frozenset({SEE, SEE_INTERNAL}),
    ),
    StandardRole(  # S2-50: agencies, clients, internal audiences
        STAKEHOLDER,
        "Stakeholder",
        "Follows the status timeline.",
        frozenset({SEE}),
    ),
)
