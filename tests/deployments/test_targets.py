"""The known-good register: four tests, what the host says, and what a text names."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import Organisation, Person
from apps.deployments import hosted, lifecycle
from apps.deployments.models import Environment
from apps.deployments.probing import probe_due, probe_targets
from apps.deployments.targets import known_good, resolve_target, suspects
from apps.providers.simulation import Simulators
from apps.timeline.answers import Unacceptable
from apps.timeline.log import SYSTEM
from tests.deployments.conftest import browser
from tests.deployments.factories import DeploymentFactory, EnvironmentFactory, ServiceFactory
from tests.providers.factories import ConnectionFactory


@pytest.fixture(autouse=True)
def _ask_anew() -> None:
    hosted.forget()


@pytest.fixture
def served(mavericks: Organisation, simulators: Simulators) -> Environment:
    """Return production as the simulated host knows it: its connection, and nothing registered."""
    connection = ConnectionFactory(organisation=mavericks, simulators=simulators)
    service = ServiceFactory(organisation=mavericks, slug="portal")
    return EnvironmentFactory(service=service, connections={"hosting": connection})


def results(environment: Environment, version: str) -> dict[str, bool | None]:
    targets = known_good(environment, timezone.now() - timedelta(hours=1))
    target = next(one for one in targets if one.deployment.version == version)
    return {test.name: test.result for test in target.tests}


def test_each_test_is_answered_with_a_reason(production: Environment) -> None:
    DeploymentFactory(environment=production, version="v1", hours_ago=9, good=True, preview_reviewed=True)
    DeploymentFactory(environment=production, version="v2", hours_ago=5, good=False, preview_reviewed=False)
    DeploymentFactory(environment=production, version="v3")

    good = {"successful": True, "before_the_issue": True, "in_production": True, "preview_reviewed": True}
    assert results(production, "v1") == good
    assert results(production, "v2") == {**good, "successful": False, "preview_reviewed": False}
    assert results(production, "v3") == {
        "successful": None,
        "before_the_issue": False,
        "in_production": True,
        "preview_reviewed": None,
    }
    assert all(test.why.endswith(".") for target in known_good(production) for test in target.tests)


def test_targets_come_newest_first_and_say_why_not(production: Environment) -> None:
    DeploymentFactory(environment=production, version="v1", hours_ago=9, good=True)
    DeploymentFactory(environment=production, version="v2", hours_ago=5)
    DeploymentFactory(environment=production, version="v3", hours_ago=1, good=True)
    production.refresh_from_db()

    targets = known_good(production, timezone.now())

    assert [(one.deployment.version, one.known_good, one.because) for one in targets] == [
        ("v3", False, "It is what runs now."),
        ("v2", False, "Nobody has marked it as good."),
        ("v1", True, ""),
    ]


def test_without_a_name_the_newest_known_good_one_is_meant(production: Environment) -> None:
    DeploymentFactory(environment=production, version="v1", hours_ago=72, good=True)
    meant = DeploymentFactory(environment=production, version="v2", hours_ago=48, good=True)
    DeploymentFactory(environment=production, version="v3", hours_ago=24, good=False)
    DeploymentFactory(environment=production, version="v4", hours_ago=1, good=True)
    production.refresh_from_db()

    assert resolve_target(production, None, timezone.now() - timedelta(minutes=10)) == meant


def test_without_a_known_good_one_a_name_is_asked_for(production: Environment) -> None:
    DeploymentFactory(environment=production)

    with pytest.raises(Unacceptable, match="No earlier deployment is known to be good") as refused:
        resolve_target(production, "", timezone.now())

    assert refused.value.extra["field"] == "target"


def test_a_target_is_named_by_id_reference_or_version(production: Environment) -> None:
    meant = DeploymentFactory(environment=production, reference="dpl_x", version="v1")

    for name in (str(meant.pk), "dpl_x", " v1 "):
        assert resolve_target(production, name) == meant


def test_an_ambiguous_version_is_refused(production: Environment) -> None:
    DeploymentFactory(environment=production, version="v1", hours_ago=3)
    DeploymentFactory(environment=production, version="v1")

    with pytest.raises(Unacceptable, match="More than one deployment") as refused:
        resolve_target(production, "v1")

    assert refused.value.code == "ambiguous"


def test_a_foreign_and_an_unknown_target_look_the_same(production: Environment) -> None:
    foreign = DeploymentFactory()
    said = []
    for name in (str(foreign.pk), foreign.reference, "nothing", "\x00"):
        with pytest.raises(Unacceptable) as refused:
            resolve_target(production, name)
        said.append((refused.value.code, refused.value.message))

    assert set(said) == {("unknown_reference", "target: there is no such thing here.")}


def test_the_host_tells_what_it_can_still_serve(served: Environment, simulators: Simulators) -> None:
    candidates = hosted.ask_host(served)
    assert candidates is not None
    reference = next(iter(candidates.listed))
    DeploymentFactory(environment=served, reference=reference, version="there", hours_ago=3, good=True)
    DeploymentFactory(environment=served, reference="dpl_gone", version="gone", hours_ago=2, good=True)

    targets = {one.deployment.version: one for one in known_good(served)}

    assert (targets["there"].usable, targets["there"].state) == (True, "usable")
    assert targets["gone"].usable is False
    assert "no longer lists it" in targets["gone"].usable_reason


def test_the_page_works_while_the_host_is_away(mavericks: Organisation) -> None:
    away = ConnectionFactory(organisation=mavericks, base_url="http://127.0.0.1:1")
    environment = EnvironmentFactory(service=ServiceFactory(organisation=mavericks), connections={"hosting": away})
    DeploymentFactory(environment=environment, good=True, hours_ago=2)
    DeploymentFactory(environment=environment)
    environment.refresh_from_db()

    newest, older = known_good(environment)

    assert (older.known_good, older.usable, older.state) == (True, None, "unknown")
    assert probe_targets(environment).problem.startswith("Vercel could not be reached")


def test_a_look_ahead_keeps_what_the_host_said(served: Environment) -> None:
    listed = hosted.ask_host(served).listed
    reference = next(one.reference for one in listed.values() if one.served_production)
    DeploymentFactory(environment=served, version="new")
    old = DeploymentFactory(environment=served, reference=reference, version="old", hours_ago=50)
    assert old.served_at is None

    assert probe_due() == 1
    assert probe_due() == 0

    old.refresh_from_db()
    served.refresh_from_db()
    assert (old.usable, old.usable_reason) == (True, "Ready at Vercel.")
    assert old.checked_at is not None
    assert old.served_at is not None
    assert served.host_says["live"]


def test_the_page_says_where_the_host_and_the_record_disagree(served: Environment, ivo: Person) -> None:
    DeploymentFactory(environment=served, reference="dpl_other", version="v9")
    probe_targets(served)
    page = browser(ivo).get("/services/portal/").content.decode()

    assert "The host says something else." in page
    assert "which is not registered here, according to the production addresses; on record is v9." in page


def test_an_answer_from_before_the_last_change_is_no_disagreement(served: Environment, ivo: Person) -> None:
    release = DeploymentFactory(environment=served, reference="dpl_other")
    probe_targets(served)

    lifecycle.went_live(served, release, by=SYSTEM, pinned=True)

    assert "The host says something else." not in browser(ivo).get("/services/portal/").content.decode()


def test_a_failed_look_changes_no_verdict(served: Environment, simulators: Simulators) -> None:
    reference = next(iter(hosted.ask_host(served).listed))
    release = DeploymentFactory(environment=served, reference=reference)
    probe_targets(served)
    release.refresh_from_db()
    found = (release.usable, release.checked_at)
    served.connections.get().connection.__class__.objects.update(base_url="http://127.0.0.1:1")
    hosted.forget()

    said = probe_targets(Environment.objects.get(pk=served.pk))

    release.refresh_from_db()
    assert said.problem
    assert (release.usable, release.checked_at) == found


def test_the_release_right_before_the_issue_is_suspected_first(production: Environment) -> None:
    began = timezone.now()
    DeploymentFactory(environment=production, version="v1", deployed_at=began - timedelta(days=30))
    DeploymentFactory(environment=production, version="v2", deployed_at=began - timedelta(days=4))
    DeploymentFactory(
        environment=production,
        version="v3",
        deployed_at=began - timedelta(seconds=220),
        flags=["share"],
        migrations=[{"id": "1", "kind": "additive", "reversible": True}],
    )
    DeploymentFactory(environment=production, version="v4", deployed_at=began + timedelta(minutes=5))

    found = suspects(production, began)

    assert [one.deployment.version for one in found] == ["v3", "v2", "v4"]
    assert found[0].why == ("The issue began 3 min 40 s after v3 went live. It brought 1 flag and 1 migration.")
    assert "only if that time is not exact" in found[2].why


def test_the_last_release_is_a_suspect_however_old(production: Environment) -> None:
    old = DeploymentFactory(environment=production, hours_ago=24 * 90)

    assert [one.deployment for one in suspects(production, timezone.now())] == [old]


def test_a_rollback_makes_its_target_the_live_one(production: Environment) -> None:
    old = DeploymentFactory(environment=production, hours_ago=9, good=True)
    DeploymentFactory(environment=production)
    lifecycle.went_live(production, old, by=SYSTEM, pinned=True)
    production.refresh_from_db()

    assert [one.because for one in known_good(production) if one.is_live] == ["It is what runs now."]
