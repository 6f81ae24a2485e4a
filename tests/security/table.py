"""Who may use which address: one row for each. A new address without a row fails the build; add it here.

A row says which right opens the door (any one of several), what a sensible body is, and for operations of the API
which scopes a token needs. `{…}` in bodies and queries is filled with the ids of `world.Side.things`. Where reading
and writing at one address need different rights, the row of the writing begins with its method.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.accounts.rights import (
    ADMINISTER,
    COMMUNICATE,
    DECLARE,
    EDIT_PLAYBOOKS,
    FREEZE,
    OPERATE,
    PROPOSE,
    PUBLISH_PLAYBOOKS,
    REGISTER_DEPLOYMENTS,
    SEE,
    SEE_INTERNAL,
    TICK,
)
from apps.accounts.rights import (
    APPROVE as MAY_APPROVE,
)

WRITE, APPROVE, ADMIN = frozenset({"write"}), frozenset({"approve"}), frozenset({"admin"})
EITHER = WRITE | ADMIN


@dataclass(frozen=True)
class Row:
    """Who may use an address: whoever has one of `rights` or plays one of `parts`; with neither, whoever signed in."""

    rights: frozenset[str] = frozenset()
    parts: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    service: bool = False  # a service token may use it: it has the rights of its scopes
    body: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    anybody: str = ""  # why it asks for no sign-in

    def lets_in(self, part: str, rights: frozenset[str]) -> bool:
        """Say whether somebody with these rights may use it."""
        if not self.rights and not self.parts:
            return True
        return bool(self.rights & rights) or part in self.parts


def right(*names: str, **more: Any) -> Row:
    """Return the row of an address that needs any one of these rights."""
    return Row(rights=frozenset(names), **more)


def anybody(why: str) -> Row:
    """Return the row of an address that asks for no sign-in."""
    return Row(anybody=why)


def deed(*names: str, scopes: frozenset[str] = WRITE, **more: Any) -> Row:
    """Return the row of an operation that changes something."""
    return Row(rights=frozenset(names), scopes=scopes, **more)


def reading(*names: str, service: bool = True, **more: Any) -> Row:
    """Return the row of an operation that reads; every scope may."""
    return Row(rights=frozenset(names), service=service, **more)


SIGNED_IN = Row()
INSIDE = right(SEE_INTERNAL)
SEEN = right(SEE)
REASON = {"reason": "Because of the test"}
VOTE = {"decision": "approve", "plan_hash": "{plan_hash}"}
AGAIN = {"version": "v3", "root_cause": "A typo", "evidence": "A test"}
NOBODY = frozenset({"whoever the organisation has allowed to act alone"})
ASKED = frozenset({"approver", "founder"})
THAWS = frozenset({"admin", "everything"})  # may freeze; the operator asked, so they may not answer
INCIDENT = {"incident": "{incident}"}

SIGNING_IN = {
    "account_login": anybody("this is where one signs in"),
    "account_logout": anybody("whoever is out stays out"),
    "account_inactive": anybody("says that an account was switched off"),
    "account_reset_password": anybody("whoever forgot their password cannot sign in"),
    "account_reset_password_done": anybody("says that a mail was sent, whether it was or not"),
    "account_reset_password_from_key": anybody("the key of the mail is the proof"),
    "account_reset_password_from_key_done": anybody("says that a password was chosen"),
    "account_change_password": SIGNED_IN,
    "account_set_password": SIGNED_IN,
    "account_reauthenticate": SIGNED_IN,
    "accounts:set_up": anybody("the secret of the link is the proof, once"),
    "mfa_authenticate": anybody("the second step of signing in"),
    "passkey_options": anybody("a passkey is proof of its own"),
    "passkey_sign_in": anybody("a passkey is proof of its own"),
    "single_sign_on": anybody("leads to the organisation's sign-in service"),
    "single_sign_on_return": anybody("what the sign-in service signed is the proof"),
    "healthz": anybody("says that the process lives, and nothing else"),
    "readyz": anybody("says what is up, and nothing of anybody's"),
    "playbooks:schema": anybody("the published description of the format"),
    "providers:hook": anybody("the provider's signature is the proof"),
    "gallery": anybody("examples only, and only in the demo"),
    "gallery_page": anybody("examples only, and only in the demo"),
    "api:openapi": anybody("the published description of the API"),
}
PEOPLE = {
    "accounts:people": INSIDE,
    "accounts:person": INSIDE,
    "accounts:new_person": right(ADMINISTER),
    "accounts:create_person": right(ADMINISTER, body={"email": "new@harbour.example", "name": "New"}),
    "accounts:create_contact": Row(rights=frozenset({ADMINISTER}), parts=frozenset({"viewer"}), body={"phone": "1"}),
    "accounts:role": INSIDE,
    "accounts:new_role": right(ADMINISTER),
    "accounts:create_role": right(ADMINISTER, body={"name": "Another"}),
    "accounts:create_role_change": right(ADMINISTER, body={"name": "Another"}),
    "accounts:create_grant": right(ADMINISTER),
    "accounts:create_substitutes": right(ADMINISTER),
    "accounts:create_holding": right(ADMINISTER, body={"role": "viewer"}),
    "accounts:create_withdrawal": right(ADMINISTER),
    "accounts:create_deactivation": right(ADMINISTER),
    "accounts:create_reactivation": right(ADMINISTER),
    "accounts:create_invitation": right(ADMINISTER),
    "accounts:profile": SIGNED_IN,
    "accounts:create_details": Row(body={"name": "Another name"}),
    "accounts:create_token": Row(body={"name": "pipeline", "scopes": ["read"], "days": "30"}),
    "accounts:create_revocation": SIGNED_IN,
    "accounts:switch": SIGNED_IN,
    "accounts:create_app": SIGNED_IN,
    "accounts:create_codes": SIGNED_IN,
    "accounts:create_passkey": SIGNED_IN,
    "accounts:create_removal": SIGNED_IN,
    "accounts:end_sessions": SIGNED_IN,
    "accounts:new_passkey_options": SIGNED_IN,
    "accounts:forget_factors": right(ADMINISTER),
    "accounts:groups": right(ADMINISTER, body={"group": "deciders", "role": "viewer"}),
    "accounts:remove_group": right(ADMINISTER),
    "accounts:service_tokens": right(ADMINISTER, body={"name": "pipeline", "scopes": ["read"], "days": "30"}),
    "accounts:revoke_service_token": right(ADMINISTER),
    "api:list_tokens": reading(),
    "api:create_token": Row(scopes=EITHER | APPROVE, body={"name": "pipeline", "scopes": ["read"]}),
    "api:revoke_token": deed(ADMINISTER, scopes=ADMIN),
    "api:list_group_mappings": reading(ADMINISTER),
    "api:create_group_mapping": deed(ADMINISTER, scopes=ADMIN, body={"group": "deciders", "role": "viewer"}),
    "api:delete_group_mapping": deed(ADMINISTER, scopes=ADMIN),
    "api:list_people": reading(),
    "api:create_person": deed(ADMINISTER, scopes=ADMIN, body={"email": "new@harbour.example"}),
    "api:list_roles": reading(),
    "api:get_person": reading(),
    "api:get_role": reading(),
    "api:create_holding": deed(ADMINISTER, scopes=ADMIN, body={"role": "viewer"}),
    "api:delete_holding": deed(ADMINISTER, scopes=ADMIN),
    "api:create_deactivation": deed(ADMINISTER, scopes=ADMIN),
    "api:create_reactivation": deed(ADMINISTER, scopes=ADMIN),
    "api:create_invitation": deed(ADMINISTER, scopes=ADMIN),
    "api:set_contact": Row(
        rights=frozenset({ADMINISTER}), parts=frozenset({"viewer"}), scopes=ADMIN, body={"phone": "1"}
    ),
    "api:create_role": deed(ADMINISTER, scopes=ADMIN, body={"name": "Another"}),
    "api:change_role": deed(ADMINISTER, scopes=ADMIN, body={"name": "Another"}),
    "api:set_grant": deed(ADMINISTER, scopes=ADMIN, body={"service": "{service}", "rights": []}),
    "api:set_substitutes": deed(ADMINISTER, scopes=ADMIN, body={"people": []}),
}
AGREEMENT = {
    "approvals:questions": SIGNED_IN,
    "approvals:question": INSIDE,
    "approvals:create_vote": Row(parts=THAWS, body={"decision": "approve", "content_hash": "{question_hash}"}),
    "approvals:create_reminder": INSIDE,
    "approvals:create_withdrawal": Row(parts=frozenset({"approver"})),
    "approvals:create_acknowledgement": SIGNED_IN,
    "approvals:break_glass": INSIDE,
    "approvals:create_permission": right(ADMINISTER, body={"allowed": "no"}),
    "approvals:create_review": right(ADMINISTER, MAY_APPROVE, body={"review": "It was right"}),
    "approvals:alone": INSIDE,
    "approvals:create_start": Row(parts=frozenset({"operator"})),  # whoever asked; switched off, it answers 409
    "rules:rules": INSIDE,
    "rules:authority": INSIDE,
    "rules:new": right(ADMINISTER),
    "rules:create": right(ADMINISTER),
    "rules:rule": right(ADMINISTER),
    "rules:change": right(ADMINISTER),
    "rules:retire": right(ADMINISTER),
    "api:list_approvals": reading(service=False),
    "api:delete_vote": Row(parts=frozenset({"approver"}), scopes=APPROVE),
    "api:list_debts": reading(service=False),
    "api:create_acknowledgement": deed(),
    "api:list_uses": reading(SEE_INTERNAL),
    "api:create_permission": deed(ADMINISTER, scopes=ADMIN, body={"allowed": False}),
    "api:create_review": deed(ADMINISTER, MAY_APPROVE, body={"review": "It was right"}),
    "api:create_start": Row(parts=NOBODY, scopes=EITHER),
    "api:list_rules": reading(SEE_INTERNAL),
    "api:get_rule": reading(SEE_INTERNAL),
    "api:get_authority": reading(SEE_INTERNAL),
    "api:create_rule": deed(ADMINISTER, scopes=ADMIN, body={"name": "A rule", "any_of": ["approver"]}),
    "api:create_rule_change": deed(ADMINISTER, scopes=ADMIN, body={"name": "A rule", "any_of": ["approver"]}),
    "api:create_rule_retirement": deed(ADMINISTER, scopes=ADMIN),
    "api:create_vote": Row(parts=THAWS, scopes=APPROVE, body={"decision": "approve", "plan_hash": "{question_hash}"}),
    "api:create_reminder": deed(SEE_INTERNAL),
}
PLACES = {
    "deployments:services": SIGNED_IN,
    "deployments:service": SEEN,
    "deployments:create_service": right(ADMINISTER, body={"name": "New", "slug": "new", "rto_minutes": "60"}),
    "deployments:create_environment": right(ADMINISTER, body={"name": "staging", "kind": "staging"}),
    "deployments:change_environment": right(ADMINISTER, body={"name": "production", "kind": "production"}),
    "deployments:create_deployment": right(REGISTER_DEPLOYMENTS, body={"version": "v3", "reference": "dpl_3"}),
    "deployments:create_verdict": right(REGISTER_DEPLOYMENTS, body={**REASON, "good": "no"}),
    "deployments:create_look": right(REGISTER_DEPLOYMENTS),
    "deployments:freezes": INSIDE,
    "POST deployments:freezes": right(FREEZE, body={**REASON, "stops": "deployments", "where": "organisation"}),
    "deployments:create_lifting": right(FREEZE, ADMINISTER, body=REASON),
    "deployments:redeployments": INSIDE,
    "POST deployments:redeployments": right(REGISTER_DEPLOYMENTS, body=AGAIN),
    "api:list_redeployments": reading(SEE_INTERNAL),
    "api:create_redeployment": deed(REGISTER_DEPLOYMENTS, body=AGAIN),
    "api:list_services": reading(),
    "api:get_service": reading(SEE),
    "api:create_service": deed(ADMINISTER, scopes=ADMIN, body={"slug": "new", "name": "New"}),
    "api:create_environment": deed(ADMINISTER, scopes=ADMIN, body={"name": "staging"}),
    "api:change_environment": deed(ADMINISTER, scopes=ADMIN, body={"public_url": ""}),
    "api:list_deployments": reading(),
    "api:get_deployment": reading(SEE),
    "api:create_deployment": deed(
        REGISTER_DEPLOYMENTS, service=True,
        body={"service": "{service}", "environment": "{environment}", "reference": "dpl_3", "version": "v3"},
    ),
    "api:create_verdict": deed(REGISTER_DEPLOYMENTS, body={**REASON, "good": False}),
    "api:ask_gate": reading(
        SEE, query={"service": "{service}", "environment": "{environment}", "version": "v2"}
    ),
    "api:list_freezes": reading(SEE_INTERNAL),
    "api:create_freeze": deed(FREEZE, scopes=ADMIN, body={**REASON, "stops": "deployments", "scope": "organisation"}),
    "api:create_lifting": deed(FREEZE, ADMINISTER, scopes=ADMIN, body=REASON),
}  # fmt: skip
CONNECTIONS = {
    "providers:connections": right(SEE_INTERNAL),
    "providers:connection": right(SEE_INTERNAL),
    "providers:choose": right(ADMINISTER),
    "providers:create": right(ADMINISTER),
    "providers:credentials": right(ADMINISTER),
    "providers:check": right(OPERATE, ADMINISTER),
    "providers:examination": right(OPERATE, ADMINISTER, body={"check": "health"}),
    "api:list_providers": reading(),
    "api:list_connections": reading(SEE_INTERNAL),
    "api:get_connection": reading(SEE_INTERNAL),
    "api:create_connection": deed(ADMINISTER, scopes=ADMIN, body={
        "name": "Another", "provider": "vercel", "settings": {"project_id": "prj_1"}, "credentials": {"token": "t"},
    }),
    "api:create_check": deed(OPERATE, ADMINISTER, scopes=EITHER),
    "api:create_examination": deed(OPERATE, ADMINISTER, scopes=EITHER, body={"check": "health"}),
    "api:create_credentials": deed(ADMINISTER, scopes=ADMIN, body={"credentials": {"token": "t"}}),
}  # fmt: skip
PLAYBOOKS = {
    "playbooks:list": INSIDE,
    "playbooks:playbook": INSIDE,
    "playbooks:revision": INSIDE,
    "playbooks:new": right(EDIT_PLAYBOOKS),
    "playbooks:create": right(EDIT_PLAYBOOKS, body={"content": "version: 1"}),
    "playbooks:draft": right(EDIT_PLAYBOOKS),
    "playbooks:step": right(EDIT_PLAYBOOKS),
    "playbooks:preview": right(EDIT_PLAYBOOKS),
    "playbooks:preview_new": right(EDIT_PLAYBOOKS),
    "playbooks:publish": right(PUBLISH_PLAYBOOKS),
    "playbooks:restore": right(EDIT_PLAYBOOKS),
    "playbooks:discard": right(EDIT_PLAYBOOKS),
    "api:list_playbooks": reading(SEE_INTERNAL),
    "api:get_playbook": reading(SEE_INTERNAL),
    "api:get_revision": reading(SEE_INTERNAL),
    "api:create_draft": deed(EDIT_PLAYBOOKS, scopes=EITHER, body={"version": 1}),
    "api:create_publication": deed(PUBLISH_PLAYBOOKS, scopes=ADMIN),
}
INCIDENTS = {
    "incidents:home": SIGNED_IN,
    "incidents:home_now": INSIDE,
    "incidents:home_stream": INSIDE,
    "incidents:waiting": SIGNED_IN,
    "incidents:incidents": SIGNED_IN,
    "incidents:incident": SEEN,
    "incidents:stream": INSIDE,
    "incidents:now": INSIDE,
    "incidents:next": INSIDE,
    "incidents:picture": INSIDE,
    "incidents:timeline": INSIDE,
    "incidents:new": right(DECLARE, body={"title": "New", "severity": "P1", "environment": "{environment_id}"}),
    "incidents:create_note": right(DECLARE, body={"text": "Noted"}),
    "incidents:create_severity": right(DECLARE, body={"severity": "P0"}),
    "incidents:create_command": right(DECLARE),
    "incidents:create_cause": right(DECLARE, body={"suspect": "{bad_deployment}"}),
    "incidents:create_resolution": right(DECLARE),
    "communications:status": SEEN,
    "communications:status_now": SEEN,
    "communications:status_stream": SEEN,
    "communications:create_update": right(COMMUNICATE, body={"audience": "internal", "text": "We look."}),
    "communications:waiting": INSIDE,
    "communications:withdrawal": Row(parts=frozenset({"responder"})),
    "checklists:item": INSIDE,
    "checklists:create_tick": right(TICK, body={"tick": "{item}:done"}),
    "checklists:create_tick_with_note": right(TICK, body={"result": "done"}),
    "api:list_incidents": reading(),
    "api:get_incident": reading(SEE),
    "api:get_timeline": reading(SEE),
    "api:get_stream": reading(SEE),
    "api:create_incident": deed(DECLARE, service=True, body={
        "title": "New", "severity": "P1", "service": "{service}", "environment": "{environment}",
    }),
    "api:create_resolution": deed(DECLARE, service=True),
    "api:list_updates": reading(SEE),
    "api:create_update": deed(COMMUNICATE, service=True, body={"audience": "internal", "text": "We look."}),
    "api:list_waiting": reading(SEE_INTERNAL),
    "api:create_withdrawal": Row(parts=frozenset({"responder"}), scopes=WRITE),
    "api:list_checklists": reading(SEE_INTERNAL),
    "api:create_tick": deed(TICK, body={"result": "done"}),
}  # fmt: skip
ROLLBACKS = {
    "rollbacks:list": INSIDE,
    "rollbacks:log": INSIDE,
    "rollbacks:new": right(PROPOSE, body={**INCIDENT, "playbook": "{playbook}"}, query=INCIDENT),
    "rollbacks:forward": SEEN,
    "rollbacks:detail": INSIDE,
    "rollbacks:stream": INSIDE,
    "rollbacks:progress": INSIDE,
    "rollbacks:ballot": INSIDE,
    "rollbacks:workers": INSIDE,
    "rollbacks:deeds": INSIDE,
    "rollbacks:plan": INSIDE,
    "rollbacks:changes": INSIDE,
    "rollbacks:decision": INSIDE,
    "rollbacks:readings": INSIDE,
    "rollbacks:create_plan": right(PROPOSE),
    "rollbacks:create_approval": Row(parts=ASKED, body=VOTE),
    "rollbacks:create_pause": right(OPERATE, body=REASON),
    "rollbacks:create_resumption": right(OPERATE, body=REASON),
    "rollbacks:create_cancellation": right(OPERATE, body=REASON),
    "rollbacks:create_decision": right(OPERATE, body={**REASON, "choice": "retry"}),
    "timeline:audit": INSIDE,
    "api:create_rollback": deed(PROPOSE, body={"playbook": "{playbook}"}),
    "api:list_rollbacks": reading(),
    "api:get_rollback": reading(SEE),
    "api:get_plan": reading(SEE),
    "api:create_plan": deed(PROPOSE),
    "api:create_approval": Row(parts=ASKED, scopes=APPROVE, body=VOTE),
    "api:create_pause": deed(OPERATE, body=REASON),
    "api:create_resumption": deed(OPERATE, body=REASON),
    "api:create_cancellation": deed(OPERATE, body=REASON),
    "api:get_rollback_log": reading(),
    "api:get_step": reading(SEE_INTERNAL),
    "api:create_reading": deed(SEE_INTERNAL, service=True),
    "api:create_retry": deed(OPERATE, body=REASON),
    "api:create_skip": deed(OPERATE, body=REASON),
    "api:create_compensation": deed(OPERATE, body=REASON),
    "api:create_adoption": deed(OPERATE, body=REASON),
    "api:list_events": reading(SEE_INTERNAL),
}
ROWS: dict[str, Row] = {
    **SIGNING_IN, **PEOPLE, **AGREEMENT, **PLACES, **CONNECTIONS, **PLAYBOOKS, **INCIDENTS, **ROLLBACKS,
}  # fmt: skip


def row_of(method: str, name: str) -> Row | None:
    """Return the row of an address, or None where nobody wrote one yet."""
    return ROWS.get(f"{method} {name}") or ROWS.get(name)
