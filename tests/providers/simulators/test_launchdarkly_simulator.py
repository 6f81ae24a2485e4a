"""LaunchDarkly's own facts: the bare token, the content type that decides, changes of nothing, approvals."""

import pytest

from apps.providers.simulation import Simulators
from tests.providers.simulators.accounts import LaunchDarkly
from tests.simulators import ask

FLAG = "new-share-links"


@pytest.fixture
def launchdarkly(simulators: Simulators) -> LaunchDarkly:
    return LaunchDarkly(simulators)


def test_a_semantic_patch_turns_a_flag_and_bumps_its_version_once(
    launchdarkly: LaunchDarkly, simulators: Simulators
) -> None:
    before = launchdarkly.place(FLAG)
    assert before["on"] is True
    answer = launchdarkly.turn(FLAG, "turnFlagOff", comment="INC-1")
    assert answer.json()["environments"]["production"]["on"] is False
    assert launchdarkly.turn(FLAG, "turnFlagOff").status == 200
    after = launchdarkly.place(FLAG)
    assert after["version"] == before["version"] + 1
    assert [effect["on"] for effect in simulators.effects("launchdarkly")] == [False]


def test_a_semantic_patch_without_its_content_type_is_400(launchdarkly: LaunchDarkly) -> None:
    body = {"environmentKey": "production", "instructions": [{"kind": "turnFlagOff"}]}
    assert launchdarkly("PATCH", f"/flags/portal/{FLAG}", body).status == 400
    assert launchdarkly.place(FLAG)["on"] is True


def test_a_json_patch_turns_a_flag_too(launchdarkly: LaunchDarkly) -> None:
    patch = [{"op": "replace", "path": "/environments/production/on", "value": False}]
    assert launchdarkly("PATCH", f"/flags/portal/{FLAG}", {"patch": patch}).status == 200
    assert launchdarkly.place(FLAG)["on"] is False


def test_a_dry_run_changes_nothing(launchdarkly: LaunchDarkly) -> None:
    content_type = "application/json; domain-model=launchdarkly.semanticpatch"
    body = {"environmentKey": "production", "instructions": [{"kind": "turnFlagOff"}]}
    dry = launchdarkly("PATCH", f"/flags/portal/{FLAG}?dryRun=true", body, Content_Type=content_type)
    assert dry.status == 200
    assert launchdarkly.place(FLAG)["on"] is True


@pytest.mark.parametrize(("flag", "kind", "status"), [("unknown", "turnFlagOff", 404), (FLAG, "explode", 400)])
def test_what_is_not_known_is_refused(launchdarkly: LaunchDarkly, flag: str, kind: str, status: int) -> None:
    assert launchdarkly.turn(flag, kind).status == status


def test_the_token_stands_bare(launchdarkly: LaunchDarkly) -> None:
    url = f"{launchdarkly.base}/api/v2/flags/portal"
    bearer = ask(url, headers={"Authorization": f"Bearer {launchdarkly.headers['Authorization']}"})
    assert (bearer.status, bearer.json()["code"]) == (401, "unauthorized")


def test_a_conflict_passes_when_tried_again(launchdarkly: LaunchDarkly, simulators: Simulators) -> None:
    simulators.settings("launchdarkly", conflicts=1)
    first = launchdarkly.turn(FLAG, "turnFlagOff")
    assert (first.status, first.json()["code"]) == (409, "optimistic_locking_error")
    assert launchdarkly.turn(FLAG, "turnFlagOff").status == 200


def test_where_approval_is_required_a_patch_is_405_and_a_request_is_carried_out(
    launchdarkly: LaunchDarkly, simulators: Simulators
) -> None:
    simulators.settings("launchdarkly", requires_approval=True)
    refused = launchdarkly.turn(FLAG, "turnFlagOff")
    assert (refused.status, refused.json()["code"]) == (405, "method_not_allowed")
    requests = f"/projects/portal/flags/{FLAG}/environments/production/approval-requests"
    body = {"description": "INC-1", "instructions": [{"kind": "turnFlagOff"}]}
    asked = launchdarkly("POST", requests, body)
    assert (asked.status, asked.json()["reviewStatus"]) == (201, "pending")
    key = asked.json()["_id"]
    assert launchdarkly("POST", f"{requests}/{key}/apply", {}).status == 400
    simulators.do("launchdarkly", "approve", request=key)
    assert launchdarkly("POST", f"{requests}/{key}/apply", {}).json()["status"] == "completed"
    assert launchdarkly.place(FLAG)["on"] is False


def test_flags_are_paged_and_environments_shown_when_asked_for(launchdarkly: LaunchDarkly) -> None:
    first = launchdarkly("GET", "/flags/portal?limit=3&filter=filterEnv:production").json()
    assert (len(first["items"]), first["totalCount"]) == (3, 5)
    assert set(first["items"][0]["environments"]) == {"production"}
    following = ask(f"{launchdarkly.base}{first['_links']['next']['href']}", headers=launchdarkly.headers).json()
    assert len(following["items"]) == 2
    assert "next" not in following["_links"]
    assert set(following["items"][0]["environments"]) == {"production"}
    assert "environments" not in launchdarkly("GET", "/flags/portal?limit=3").json()["items"][0]


def test_the_audit_log_names_the_change_and_by_whose_hand(launchdarkly: LaunchDarkly, simulators: Simulators) -> None:
    launchdarkly.turn(FLAG, "turnFlagOff", comment="INC-1 step 1")
    simulators.do("launchdarkly", "switch", project="portal", flag=FLAG, on=True)
    items = launchdarkly("GET", f"/auditlog?spec=proj/portal:env/production:flag/{FLAG}").json()["items"]
    assert [item["titleVerb"] for item in items] == ["turned on the flag", "turned off the flag"]
    assert items[1]["comment"] == "INC-1 step 1"
    assert launchdarkly.place(FLAG)["on"] is True


REQUIRED = {
    "/flags/portal/new-share-links": "name kind key _version creationDate variations temporary tags _links experiments "
    "customProperties archived environments",
    "/projects/portal": "_links _id key includeInSnippetByDefault name tags",
    "/projects/portal/environments/production": "_links _id key name apiKey mobileKey color defaultTtl secureMode "
    "defaultTrackEvents requireComments confirmChanges tags critical approvalSettings",
    "/flag-status/portal/new-share-links": "environments key _links",
    "/auditlog": "items _links",
    "/flags/portal": "items _links totalCount",
    "/caller-identity": "accountId tokenId",
}


@pytest.mark.parametrize("path", REQUIRED)
def test_what_the_description_of_the_api_requires_is_there(launchdarkly: LaunchDarkly, path: str) -> None:
    assert set(REQUIRED[path].split()) <= set(launchdarkly("GET", path).json())


def test_a_flags_place_has_what_generated_clients_insist_on(launchdarkly: LaunchDarkly) -> None:
    required = "on archived salt sel lastModified version _site _environmentName trackEvents trackEventsFallthrough"
    assert set(required.split()) <= set(launchdarkly.place(FLAG))


def test_pages_of_flags_follow_the_link_to_the_next(launchdarkly: LaunchDarkly) -> None:
    page, keys = launchdarkly("GET", "/flags/portal?limit=2&tag=release").json(), []
    while page:
        keys += [flag["key"] for flag in page["items"]]
        following = page["_links"].get("next")
        page = launchdarkly("GET", following["href"].removeprefix("/api/v2")).json() if following else None
    assert len(keys) == len(set(keys)) == 5


def test_approval_requests_are_found_by_flag_and_by_id_and_not_reviewed_by_who_asked(
    launchdarkly: LaunchDarkly,
) -> None:
    requests = f"/projects/portal/flags/{FLAG}/environments/production/approval-requests"
    made = launchdarkly("POST", requests, {"description": "INC-1", "instructions": [{"kind": "turnFlagOff"}]}).json()
    assert [one["_id"] for one in launchdarkly("GET", requests).json()["items"]] == [made["_id"]]
    assert launchdarkly("GET", f"/approval-requests/{made['_id']}").json()["status"] == "pending"
    assert launchdarkly("POST", f"/approval-requests/{made['_id']}/reviews", {"kind": "approve"}).status == 403
