"""How the things of an account are worded: with every member that LaunchDarkly's own description requires."""

from typing import Any

from ...simulation.world import World

Thing = dict[str, Any]
HIDDEN = ("project", "environments")
COLOURS = {"production": "417505", "staging": "f5a623"}


def link(href: str) -> Thing:
    """A link as everything carries several of."""
    return {"href": href, "type": "application/json"}


def flag(record: Thing, environments: set[str]) -> Thing:
    """A flag; `environments` are shown only where asked for."""
    path = f"/api/v2/flags/{record['project']}/{record['key']}"
    shown = {
        **{name: value for name, value in record.items() if name not in HIDDEN},
        "description": "", "includeInSnippet": False, "customProperties": {}, "goalIds": [],
        "clientSideAvailability": {"usingMobileKey": False, "usingEnvironmentId": False},
        "experiments": {"baselineIdx": 0, "items": []},
        "_links": {"parent": link(f"/api/v2/flags/{record['project']}"), "self": link(path)},
    }  # fmt: skip
    places = record["environments"]
    chosen = {name: _place(record, name, places[name]) for name in places if name in environments}
    return {**shown, "environments": chosen} if chosen else shown


def _place(record: Thing, name: str, place: Thing) -> Thing:
    page = f"/{record['project']}/{name}/features/{record['key']}"
    served = {"rules": 0, "nullRules": 0, "targets": 0, "contextTargets": 0}
    variations = {
        "0": {**served, "isFallthrough": True},
        "1": {**served, "isOff": True},
    }
    return {
        **place, "salt": f"salt-{record['key']}", "sel": f"sel-{record['key']}",
        "_site": {"href": page, "type": "text/html"}, "_environmentName": name.capitalize(),
        "trackEvents": False, "trackEventsFallthrough": False,
        "_summary": {"variations": variations, "prerequisites": len(place["prerequisites"])},
    }  # fmt: skip


def environment(world: World, project: str, key: str) -> Thing:
    """An environment with its rule about approvals."""
    settings = world.settings("launchdarkly")
    approvals = {
        "required": settings["requires_approval"], "bypassApprovalsForPendingChanges": False, "minNumApprovals": 1,
        "canReviewOwnRequest": False, "canApplyDeclinedChanges": False, "autoApplyApprovedChanges": False,
        "serviceKind": "launchdarkly", "serviceConfig": {},
        "requiredApprovalTags": settings.get("approval_tags", []),
    }  # fmt: skip
    return {
        "_links": {"self": link(f"/api/v2/projects/{project}/environments/{key}")},
        "_id": f"env-{project}-{key}", "key": key, "name": key.capitalize(), "apiKey": f"sdk-simulated-{project}-{key}",
        "mobileKey": f"mob-simulated-{project}-{key}", "color": COLOURS[key], "defaultTtl": 0, "secureMode": False,
        "defaultTrackEvents": False, "requireComments": False, "confirmChanges": False, "tags": [],
        "critical": key == "production", "approvalSettings": approvals,
    }  # fmt: skip


def project(key: str) -> Thing:
    """A project."""
    return {
        "_links": {"self": link(f"/api/v2/projects/{key}")}, "_id": f"proj-{key}", "key": key, "name": key,
        "includeInSnippetByDefault": False, "tags": [],
    }  # fmt: skip


def approval(record: Thing) -> Thing:
    """An approval request."""
    where, flag_key, environment_key = record["place"]
    path = f"/api/v2/projects/{where}/flags/{flag_key}/environments/{environment_key}/approval-requests"
    shown = {name: value for name, value in record.items() if name not in ("place", "appliedDate")}
    applied = {"appliedDate": record["appliedDate"]} if record["appliedDate"] else {}
    return {
        "creationDate": 0, "requestorId": "member-simulated", "notifyMemberIds": [],
        **shown, **applied, "serviceKind": "launchdarkly",
        "_links": {"self": link(f"{path}/{record['_id']}"), "apply": link(f"{path}/{record['_id']}/apply")},
    }  # fmt: skip


def entry(record: Thing) -> Thing:
    """A line of the audit log."""
    shown = {name: value for name, value in record.items() if name != "account"}
    return {
        **shown, "_accountId": record["account"], "description": record["comment"], "shortDescription": "",
        "token": {"_id": f"token-{record['account']}", "name": "rollback portal", "ending": "ated"},
        "_links": {"self": link(f"/api/v2/auditlog/{record['_id']}")},
    }  # fmt: skip


def status(record: Thing) -> Thing:
    """Whether anybody evaluates a flag."""
    states = {name: {"name": "active", "lastRequested": None} for name in record["environments"]}
    path = f"/api/v2/flag-status/{record['project']}/{record['key']}"
    return {"environments": states, "key": record["key"], "_links": {"self": link(path)}}


def token(account: str, role: str) -> Thing:
    """An access token, without its value."""
    key = f"token-{account}"
    return {
        "_id": key, "ownerId": account, "memberId": "member-simulated", "name": "rollback portal", "role": role,
        "customRoleIds": ["role-simulated"] if role == "custom" else [], "creationDate": 1_700_000_000_000,
        "lastModified": 1_700_000_000_000, "token": "…ated", "serviceToken": True, "defaultApiVersion": 20240415,
        "_links": {"self": link(f"/api/v2/tokens/{key}")},
    }  # fmt: skip
