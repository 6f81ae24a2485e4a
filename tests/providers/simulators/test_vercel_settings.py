"""What Vercel's simulator keeps besides deployments: variables, routing rules, tokens and webhooks."""

import json
import time

import pytest

from apps.providers.registry import provider
from apps.providers.simulation import Simulators
from tests.providers.simulators.accounts import BEFORE, LIVE, Vercel, site

ENV = "/v10/projects/prj_portal/env"
ROUTES = "/v1/projects/prj_portal/routes"
RULE = {"name": "Down", "srcSyntax": "regex", "route": {"src": "^/.*$", "dest": "https://a.example/", "status": 307}}


@pytest.fixture
def vercel(simulators: Simulators) -> Vercel:
    return Vercel(simulators)


def test_an_encrypted_value_is_told_only_when_asked_for_and_a_sensitive_one_never(vercel: Vercel) -> None:
    hidden = {one["key"]: one for one in vercel("GET", f"{ENV}?target=production").json()["envs"]}
    clear = {one["key"]: one for one in vercel("GET", f"{ENV}?target=production&decrypt=true").json()["envs"]}
    assert hidden["SHARE_SIGNING_KEY_ID"]["value"] != "2"
    assert hidden["SHARE_SIGNING_KEY_ID"]["decrypted"] is False
    assert clear["SHARE_SIGNING_KEY_ID"]["value"] == "2"
    assert clear["MAIL_API_KEY"]["value"] == ""
    one = vercel("GET", f"/v1/projects/prj_portal/env/{clear['MAIL_API_KEY']['id']}").json()
    assert (one["type"], one["value"]) == ("sensitive", "")


def test_variables_are_those_of_their_target(vercel: Vercel) -> None:
    keys = [one["key"] for one in vercel("GET", f"{ENV}?target=development").json()["envs"]]
    assert keys == ["PUBLIC_API_URL"]
    made = {"key": "PUBLIC_API_URL", "value": "x", "type": "plain", "target": ["development"]}
    conflict = vercel("POST", ENV, made).json()
    assert conflict["failed"][0]["error"]["code"] == "ENV_CONFLICT"
    assert vercel("POST", f"{ENV}?upsert=true", made).json()["created"]["value"] == "x"


def test_a_build_keeps_the_variables_it_was_built_with(vercel: Vercel) -> None:
    pulled = {one: vercel("GET", f"/v3/env/pull/{one}").json()["env"] for one in (LIVE, BEFORE)}
    assert [pulled[one]["SHARE_SIGNING_KEY_ID"] for one in (LIVE, BEFORE)] == ["2", "1"]
    assert pulled[LIVE]["MAIL_API_KEY"] == ""
    assert pulled[LIVE]["VERCEL_ENV"] == "production"
    assert vercel("GET", "/v3/env/pull/prj_portal/production").json()["env"]["SHARE_SIGNING_KEY_ID"] == "2"


def test_a_rebuild_takes_the_variables_of_now_and_carries_its_meta_data(vercel: Vercel, simulators: Simulators) -> None:
    vercel("PATCH", "/v9/projects/prj_portal/env/env_motionmavericks1", {"value": "3"})
    body = {"deploymentId": BEFORE, "name": "portal", "target": "production", "meta": {"mark": "m-1"}}
    made = vercel("POST", "/v13/deployments?forceNew=1", body).json()
    assert made["readyState"] == "QUEUED"
    found = vercel("GET", "/v6/deployments?meta-mark=m-1").json()["deployments"]
    assert [one["uid"] for one in found] == [made["id"]]
    simulators.advance(6)
    assert vercel.live() == [made["id"]] * 3
    assert vercel("GET", f"/v3/env/pull/{made['id']}").json()["env"]["SHARE_SIGNING_KEY_ID"] == "3"


def test_a_rule_counts_from_its_publication_on_and_an_earlier_version_can_come_back(
    vercel: Vercel, simulators: Simulators
) -> None:
    draft = vercel("POST", ROUTES, {"route": RULE, "position": {"placement": "start"}}).json()
    assert draft["version"]["isStaging"]
    assert site(simulators, "/share/errors").status == 200
    first = vercel("POST", f"{ROUTES}/versions", {"id": draft["version"]["id"], "action": "promote"}).json()
    assert first["version"]["isLive"]
    gone = site(simulators, "/share/errors")
    assert (gone.status, gone.headers["location"]) == (307, "https://a.example/")
    deleted = vercel("DELETE", ROUTES, {"routeIds": [draft["route"]["id"]]}).json()
    assert deleted["deletedCount"] == 1
    vercel("POST", f"{ROUTES}/versions", {"id": deleted["version"]["id"], "action": "promote"})
    assert site(simulators, "/share/errors").status == 200
    vercel("POST", f"{ROUTES}/versions", {"id": draft["version"]["id"], "action": "restore"})
    assert site(simulators, "/share/errors").status == 307


def test_a_draft_is_discarded_and_a_published_version_is_not(vercel: Vercel) -> None:
    draft = vercel("POST", ROUTES, {"route": RULE}).json()["version"]["id"]
    assert vercel("POST", f"{ROUTES}/versions", {"id": draft, "action": "restore"}).status == 400
    assert vercel("POST", f"{ROUTES}/versions", {"id": draft, "action": "discard"}).status == 200
    assert vercel("GET", f"{ROUTES}/versions").json() == {"versions": []}
    assert vercel("POST", f"{ROUTES}/versions", {"id": draft, "action": "promote"}).status == 404
    assert vercel("POST", ROUTES, {"route": {"name": "no source"}}).status == 400


def test_a_pause_keeps_new_releases_from_going_live(vercel: Vercel, simulators: Simulators) -> None:
    assert vercel("POST", "/v1/projects/prj_portal/pause").status == 200
    assert vercel.project()["paused"] is True
    pushed = simulators.do("vercel", "push", project="prj_portal", version="v2.31.1")
    assert pushed["substate"] == "STAGED"
    vercel("POST", "/v1/projects/prj_portal/unpause")
    assert vercel.project()["autoAssignCustomDomains"] is True


def test_a_token_says_when_it_ends_unless_it_may_not(vercel: Vercel, simulators: Simulators) -> None:
    told = vercel("GET", "/v5/user/tokens/current").json()["token"]
    assert 89 < (told["expiresAt"] / 1000 - time.time()) / 86_400 < 91
    simulators.settings("vercel", token_days=None)
    assert vercel("GET", "/v5/user/tokens/current").status == 403


def test_a_webhook_tells_its_secret_once_and_gets_what_the_adapter_believes(
    vercel: Vercel, simulators: Simulators
) -> None:
    wanted = {"url": "https://portal.example/hooks", "events": ["deployment.rollback", "deployment.promoted"]}
    made = vercel("POST", "/v1/webhooks", {**wanted, "projectIds": ["prj_portal"]}).json()
    assert "secret" not in vercel("GET", f"/v1/webhooks/{made['id']}").json()
    vercel.rollback(BEFORE)
    simulators.advance(30)
    vercel("POST", f"/v10/projects/prj_portal/promote/{LIVE}")
    newest, oldest = simulators.do("vercel", "deliveries", webhook=made["id"])
    kinds = [json.loads(one["body"])["type"] for one in (newest, oldest)]
    assert kinds == ["deployment.promoted", "deployment.rollback"], "no order is kept"
    payload = json.loads(oldest["body"])["payload"]
    assert (payload["fromDeploymentId"], payload["toDeploymentId"]) == (LIVE, BEFORE)
    hook = provider("vercel").hook
    assert hook is not None
    for delivery in (newest, oldest):
        body = delivery["body"].encode()
        assert hook.accepts(delivery["headers"], body, made["secret"], time.time())
        assert not hook.accepts(delivery["headers"], body + b" ", made["secret"], time.time())
    assert vercel("DELETE", f"/v1/webhooks/{made['id']}").status == 204
    assert vercel("GET", "/v1/webhooks").json() == []


def test_a_hobby_account_has_no_webhooks(vercel: Vercel, simulators: Simulators) -> None:
    simulators.settings("vercel", plan="hobby")
    assert vercel("POST", "/v1/webhooks", {"url": "https://a.example", "events": ["deployment.rollback"]}).status == 402
