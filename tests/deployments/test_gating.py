"""What the gate tells a deploy pipeline."""

from apps.accounts.models import Person
from apps.deployments import gating, lifecycle, plans
from apps.deployments.models import Environment
from tests.deployments.conftest import program
from tests.deployments.factories import DeploymentFactory


def ask(environment: Environment, version: str = "v2") -> gating.Verdict:
    return gating.gate(environment.service, environment, version)


def with_plans(monkeypatch, *slugs: str) -> None:
    known = plans.Plans(exists=lambda organisation, slug: slug in slugs, fitting=lambda environment: slugs)
    monkeypatch.setattr(plans, "_told", [known])


def test_a_release_without_a_plan_is_held_back(production: Environment, monkeypatch) -> None:
    with_plans(monkeypatch)

    verdict = ask(production)

    assert not verdict.passes
    assert verdict.reasons[0].startswith("There is no plan for taking v2 of portal back")


def test_a_fitting_playbook_is_a_plan(production: Environment, monkeypatch) -> None:
    with_plans(monkeypatch, "portal-release-rollback")

    assert ask(production) == gating.Verdict(True, ())


def test_a_named_playbook_that_does_not_fit_is_no_plan(production: Environment, monkeypatch) -> None:
    with_plans(monkeypatch, "portal-release-rollback", "draft-only")
    DeploymentFactory(environment=production, version="v2", playbook="draft-only")
    with_plans(monkeypatch, "portal-release-rollback")

    assert not ask(production, "v2").passes
    assert ask(production, "v3").passes


def test_only_a_release_freeze_speaks_through_the_gate(production: Environment, ivo: Person, monkeypatch) -> None:
    with_plans(monkeypatch, "portal-release-rollback")
    lifecycle.freeze(ivo.organisation, by=ivo, stops="rollbacks", scope="organisation", reason="Look first")
    assert ask(production).passes

    lifecycle.freeze(
        ivo.organisation,
        by=ivo,
        stops="deployments",
        scope="service",
        service=production.service,
        reason="Cause unknown",
    )

    verdict = ask(production)
    assert not verdict.passes
    assert verdict.reasons[0].startswith("Releases of portal are stopped since")
    assert verdict.reasons[0].endswith("Cause unknown")


def test_a_pipeline_asks_over_the_api(production: Environment, ivo: Person, monkeypatch) -> None:
    with_plans(monkeypatch, "portal-release-rollback")
    question = {"service": "portal", "environment": "production", "version": "v2"}

    answer = program(ivo, "read").get("/api/v1/gate", question)

    assert answer.json() == {"pass": True, "reasons": []}
    unknown = program(ivo, "read").get("/api/v1/gate", {**question, "service": "nothing"})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_reference")
    missing = program(ivo, "read").get("/api/v1/gate", {"service": "portal"})
    assert missing.status_code == 422
