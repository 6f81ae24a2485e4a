"""What Vercel is asked before anybody depends on it: rights, expiry, plan, variables, rules; nothing is changed."""

import pytest

from apps.providers.base import Access, Finding
from apps.providers.registry import provider
from apps.providers.simulation import Simulators
from tests.providers.conftest import Connect, Serve
from tests.providers.raw import answer, routed
from tests.providers.simulators.accounts import Vercel


@pytest.fixture
def access(connect: Connect) -> Access:
    """The access to the simulator."""
    return connect("vercel")


def found(access: Access, code: str) -> list[Finding]:
    """Return what the check says about one thing."""
    return [finding for finding in provider("vercel").check(access) if finding.code == code]


def test_everything_is_looked_at_and_nothing_is_wrong_at_the_start(access: Access) -> None:
    findings = provider("vercel").check(access)
    assert {finding.level for finding in findings} == {"ok"}
    codes = {"project", "rights", "expiry", "live", "deployments", "plan", "variables", "routes"}
    assert {finding.code for finding in findings} == codes


@pytest.mark.parametrize(
    ("days", "level", "text"),
    [
        (90, "ok", "good until"),
        (3, "warning", "in 3 days"),
        (0, "ok", "does not expire"),
        (None, "ok", "does not tell"),
    ],
)
def test_the_token_s_end_is_told_where_it_can_be_read(
    days: int | None, level: str, text: str, access: Access, simulators: Simulators
) -> None:
    simulators.settings("vercel", token_days=days)
    (finding,) = found(access, "expiry")
    assert finding.level == level
    assert text in finding.message


@pytest.mark.parametrize(
    ("rights", "levels", "text"),
    [("full", ["ok"], "MEMBER"), ("read", ["error"], "only look"), ("deploy", ["ok", "warning"], "Variable Manager")],
)
def test_the_role_says_which_rights_are_missing(
    rights: str, levels: list[str], text: str, access: Access, simulators: Simulators
) -> None:
    simulators.settings("vercel", rights=rights)
    findings = found(access, "rights")
    assert [finding.level for finding in findings] == levels
    assert text in findings[-1].message


def test_a_personal_account_has_no_roles(connect: Connect) -> None:
    (finding,) = found(connect("vercel", settings={"team_id": ""}), "rights")
    assert "personal account" in finding.message


def test_the_hobby_plan_names_its_limits(access: Access, simulators: Simulators) -> None:
    simulators.settings("vercel", plan="hobby")
    (finding,) = found(access, "plan")
    assert (finding.level, "right before" in finding.message) == ("warning", True)


def test_variables_that_cannot_be_put_back_are_counted(access: Access, simulators: Simulators) -> None:
    (finding,) = found(access, "variables")
    assert "Of 3 environment variables, 1 are sensitive" in finding.message
    simulators.settings("vercel", tells_deployment_env=False)
    assert [one.level for one in found(access, "variables")] == ["ok", "warning"]
    simulators.fault("status", slug="vercel", path="/env", reads=True, status=403, times=9)
    (finding,) = found(access, "variables")
    assert (finding.level, "cannot be told" in finding.message) == ("warning", True)


def test_maintenance_a_pause_and_a_draft_are_told(access: Access, simulators: Simulators) -> None:
    rule = {"name": "Maintenance (rollback portal)", "route": {"src": "^/.*$", "dest": "/away", "status": 307}}
    simulators.do("vercel", "add_rule", project="prj_portal", rule={**rule, "name": "Other"}, draft=True)
    assert "not published" in found(access, "routes")[0].message
    simulators.do("vercel", "add_rule", project="prj_portal", rule=rule)
    assert "sent to /away" in found(access, "routes")[0].message
    simulators.do("vercel", "pause", project="prj_portal")
    assert "paused" in found(access, "live")[0].message


def test_rules_that_may_not_be_read_are_told(access: Access, simulators: Simulators) -> None:
    simulators.fault("status", slug="vercel", path="routes", reads=True, status=402, times=9)
    (finding,) = found(access, "routes")
    assert (finding.level, "Maintenance cannot be switched" in finding.message) == ("warning", True)


def test_assignment_that_is_off_without_a_rollback_is_told(access: Access, simulators: Simulators) -> None:
    Vercel(simulators)("PATCH", "/v9/projects/prj_portal", {"autoAssignCustomDomains": False})
    assert [finding.level for finding in found(access, "pinned")] == ["warning"]


def test_a_team_that_is_no_id_ends_no_check(serve: Serve) -> None:
    server = serve(routed({"GET /v9/projects/prj_1": answer(200, {"id": "prj_1", "name": "portal"})}))
    access = Access(server.url, {"project_id": "prj_1", "team_id": "acme / team"}, {"token": "vercel-token"})
    assert found(access, "rights")[0].level == "ok"
    assert {finding.level for finding in provider("vercel").check(access)} == {"ok", "warning"}
