"""The Convex simulator answers as its documents and its makers' clients say: functions, snapshots, the pipeline."""

import json
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest

from apps.providers.simulation import Simulators
from tests.simulators import Answer, ask

SNAPSHOT = "1772330400000000000"


@pytest.fixture
def world(simulators: Simulators) -> dict[str, Any]:
    about: dict[str, Any] = simulators.describe()["convex"]
    return about


@pytest.fixture
def key(world: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Convex {world['credentials']['deploy_key']}"}


def query(simulators: Simulators, path: str, args: Any = None, headers: Any = None, form: str = "json") -> Answer:
    body = {"path": path, "args": {} if args is None else args, "format": form}
    return ask(f"{simulators.address('convex')}/api/query", "POST", headers=headers or {}, data=body)


def test_a_public_function_answers_without_signing_in_as_the_http_api_says(simulators: Simulators) -> None:
    found = query(simulators, "users:count")
    assert (found.status, found.json()) == (200, {"status": "success", "value": 5, "logLines": []})
    assert query(simulators, "users:count", args=[{}]).json()["value"] == 5, "the list that JavaScript's client sends"


@pytest.mark.parametrize("status", [200, 560])
def test_a_function_that_fails_says_so_in_its_body(status: int, simulators: Simulators) -> None:
    simulators.settings("convex", failed_status=status)
    simulators.do("convex", "break", organisation="derrimut", function="users:count")
    found = query(simulators, "users:count")
    assert (found.status, found.json()["status"]) == (status, "error")
    assert found.json()["errorData"] == {"kind": "broken"}
    assert "Could not find public function" in query(simulators, "users:nothing").json()["errorMessage"]


def test_its_own_functions_are_for_keys_alone(simulators: Simulators, key: dict[str, str]) -> None:
    latest = "_system/cli/exports:getLatest"
    assert query(simulators, latest).json()["status"] == "error"
    assert query(simulators, latest, headers=key).json()["value"]["start_ts"].isdecimal()
    encoded = query(simulators, latest, headers=key, form="convex_encoded_json").json()["value"]["start_ts"]
    assert list(encoded) == ["$integer"]
    assert query(simulators, latest, headers={"Authorization": "Convex prod:x|wrong"}).status == 401


def test_each_key_has_its_own_deployment(simulators: Simulators, world: dict[str, Any]) -> None:
    commits = {
        slug: query(
            simulators, "version:current", headers={"Authorization": f"Convex {one['credentials']['deploy_key']}"}
        ).json()["value"]["commit"]
        for slug, one in world["organisations"].items()
    }
    assert commits["derrimut"] == "d4415fb"
    assert len(set(commits.values())) == 4


def test_one_export_at_a_time_and_then_a_zip(simulators: Simulators, key: dict[str, str]) -> None:
    base = simulators.address("convex")
    request = f"{base}/api/export/request/zip?includeStorage=false"
    assert ask(request, "POST", headers=key).status == 200
    busy = ask(request, "POST", headers=key)
    assert (busy.status, busy.json()["code"]) == (400, "ExportInProgress")
    state = "_system/cli/exports:getLatest"
    assert query(simulators, state, headers=key).json()["value"]["state"] == "in_progress"
    simulators.advance(30)
    value = query(simulators, state, headers=key).json()["value"]
    assert value["state"] == "completed"
    fetched = ask(f"{base}/api/export/zip/{value['start_ts']}", headers=key)
    assert fetched.headers["content-disposition"] == f"attachment; filename=snapshot_{value['start_ts']}.zip"
    with ZipFile(BytesIO(fetched.body)) as archive:
        assert "users/documents.jsonl" in archive.namelist()
        assert json.loads(archive.read("users/documents.jsonl").decode().splitlines()[0])["_id"] == "k17user0"


def uploaded(simulators: Simulators, key: dict[str, str], content: bytes, mode: str = "replace") -> str:
    base = f"{simulators.address('convex')}/api/import"
    token = ask(f"{base}/start_upload", "POST", headers=key).json()["uploadToken"]
    part = ask(f"{base}/upload_part?uploadToken={token}&partNumber=1", "POST", headers=key, body=content).json()
    body = {"import": {"mode": mode, "format": "zip"}, "uploadToken": token, "partTokens": [part]}
    found: str = ask(f"{base}/finish_upload", "POST", headers=key, data=body).json()["importId"]
    return found


def test_an_import_waits_for_its_confirmation_and_takes_its_time(simulators: Simulators, key: dict[str, str]) -> None:
    base = simulators.address("convex")
    content = ask(f"{base}/api/export/zip/{SNAPSHOT}", headers=key).body
    simulators.do("convex", "write", organisation="derrimut", table="users", count=3)
    import_id = uploaded(simulators, key, content)
    asked = {"importId": import_id}
    state = query(simulators, "_system/cli/queryImport", asked, key).json()["value"]["state"]
    assert state["state"] == "waiting_for_confirmation"
    assert simulators.effects("convex") == []
    assert ask(f"{base}/api/perform_import", "POST", headers=key, data=asked).status == 200
    assert ask(f"{base}/api/perform_import", "POST", headers=key, data=asked).status == 400
    assert query(simulators, "_system/cli/queryImport", asked, key).json()["value"]["state"]["state"] == "in_progress"
    simulators.advance(30)
    (listed,) = query(simulators, "_system/cli/queryImport:list", headers=key).json()["value"]
    assert listed["state"] == {"state": "completed", "num_rows_written": "8"}
    assert query(simulators, "users:count").json()["value"] == 5


def test_what_is_no_zip_is_refused_before_anything_is_confirmed(simulators: Simulators, key: dict[str, str]) -> None:
    import_id = uploaded(simulators, key, b"not a zip")
    state = query(simulators, "_system/cli/queryImport", {"importId": import_id}, key).json()["value"]["state"]
    assert state["state"] == "failed"
    assert "Not a valid ZIP file" in state["error_message"]


def test_the_pipeline_deploys_a_commit_it_knows(simulators: Simulators, world: dict[str, Any]) -> None:
    workflow = f"{simulators.address('convex')}/repos/derrimut/derrimut-platform/actions/workflows/deploy-convex.yml"
    token = {"Authorization": f"Bearer {world['credentials']['pipeline_token']}"}
    assert ask(workflow, headers=token).json()["state"] == "active"
    assert ask(workflow).status == 401
    body = {"ref": "main", "inputs": {"commit": "0c7d8e5"}}
    assert ask(f"{workflow}/dispatches", "POST", headers=token, data=body).json()["workflow_run_id"]
    assert ask(f"{workflow}/dispatches", "POST", headers=token, data={**body, "ref": "nope"}).status == 422
    simulators.advance(60)
    assert query(simulators, "version:current").json()["value"] == {"commit": "0c7d8e5"}
