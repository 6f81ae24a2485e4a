"""Services, environments and deployments: what is kept, what goes live, what is refused."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import Organisation, Person
from apps.deployments import lifecycle
from apps.deployments.models import Environment, Pin
from apps.timeline.answers import Forbidden, Refused, Unacceptable
from apps.timeline.log import SYSTEM
from apps.timeline.models import Event
from tests.deployments.factories import DeploymentFactory, EnvironmentFactory, ServiceFactory
from tests.providers.factories import ConnectionFactory


def test_an_administrator_adds_a_service_and_the_record_says_so(mavericks: Organisation, ada: Person) -> None:
    service = lifecycle.create_service(mavericks, by=ada, slug="portal", name="Portal", rto_minutes=30)

    assert (service.slug, service.rto_minutes) == ("portal", 30)
    assert Event.objects.get(kind="service.created").text == "Ada added the service Portal."


def test_nobody_else_adds_a_service(mavericks: Organisation, ivo: Person) -> None:
    with pytest.raises(Forbidden, match="manage people, services and connections"):
        lifecycle.create_service(mavericks, by=ivo, slug="portal", name="Portal")


@pytest.mark.parametrize("slug", ["", "Portal", "a b", "new", "-a", "a/b", "x" * 61, "a\x00"])
def test_a_slug_that_cannot_stand_in_an_address_is_refused(mavericks: Organisation, slug: str) -> None:
    with pytest.raises(Unacceptable) as refused:
        lifecycle.create_service(mavericks, by=SYSTEM, slug=slug, name="Portal")

    assert refused.value.extra["field"] == "slug"


def test_two_services_cannot_share_a_slug(mavericks: Organisation) -> None:
    ServiceFactory(organisation=mavericks, slug="portal")

    with pytest.raises(Refused, match="already a service called “portal”"):
        ServiceFactory(organisation=mavericks, slug="portal")


def test_an_environment_keeps_its_connections_by_role(mavericks: Organisation, ada: Person) -> None:
    hosting = ConnectionFactory(organisation=mavericks)
    service = ServiceFactory(organisation=mavericks)

    environment = lifecycle.create_environment(
        service,
        by=ada,
        name="production",
        public_url="https://portal.example/",
        serving={"path": "/api/health", "json": "version"},
        connections={"hosting": hosting},
    )

    assert environment.public_url == "https://portal.example"
    assert [(one.role, one.connection) for one in environment.connections.all()] == [("hosting", hosting)]
    assert environment.freeze_switch.frozen is False


def test_a_connection_cannot_fill_a_role_that_its_provider_does_not_know(mavericks: Organisation) -> None:
    hosting = ConnectionFactory(organisation=mavericks)

    with pytest.raises(Unacceptable, match="cannot be the flags connection") as refused:
        EnvironmentFactory(service=ServiceFactory(organisation=mavericks), connections={"flags": hosting})

    assert refused.value.extra["field"] == "connections.flags"
    assert not Environment.objects.exists()


@pytest.mark.parametrize(
    ("serving", "field"),
    [
        ({"path": "health", "header": "x-version"}, "serving.path"),
        ({"path": "/health"}, "serving"),
        ({"path": "/health", "header": "x-version", "json": "version"}, "serving"),
        ({"path": "/health", "header": "x version"}, "serving.header"),
        ({"path": "/health", "body": "version"}, "serving.body"),
    ],
)
def test_how_to_see_the_version_must_be_one_place(mavericks: Organisation, serving: dict[str, str], field: str) -> None:
    with pytest.raises(Unacceptable) as refused:
        EnvironmentFactory(service=ServiceFactory(organisation=mavericks), serving=serving)

    assert refused.value.extra["field"] == field


def test_a_private_public_address_is_refused(mavericks: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTBOUND_ALLOW", "")

    with pytest.raises(Unacceptable, match="Address not allowed") as refused:
        EnvironmentFactory(service=ServiceFactory(organisation=mavericks), public_url="http://127.0.0.1:8080")

    assert refused.value.extra["field"] == "public_url"


def test_an_environment_gets_and_loses_connections_later(production: Environment, ada: Person) -> None:
    one, two = (ConnectionFactory(organisation=production.organisation, name=name) for name in ("One", "Two"))
    change = lifecycle.change_environment

    change(production, by=ada, connections={"hosting": one})
    change(production, by=ada, public_url="https://portal.example", connections={"hosting": two})
    assert production.connections.get().connection == two
    change(production, by=ada, connections={"hosting": None})
    change(production, by=ada, connections={"hosting": None}, serving={})

    production.refresh_from_db()
    assert (production.public_url, production.connections.count()) == ("https://portal.example", 0)
    told = Event.objects.filter(kind="environment.changed").order_by("occurred_at")
    assert [event.text.partition(": ")[2] for event in told] == [
        "hosting connection “One”.",
        "public address https://portal.example, hosting connection “Two”.",
        "no hosting connection.",
    ]


def test_the_newest_deployment_is_live(production: Environment) -> None:
    old = DeploymentFactory(environment=production, hours_ago=48)
    new = DeploymentFactory(environment=production, hours_ago=1)
    production.refresh_from_db()

    assert production.live == new
    assert production.live_since == new.deployed_at
    old.refresh_from_db()
    assert old.served_at == old.deployed_at


def test_an_older_deployment_that_is_registered_later_does_not_go_live(production: Environment) -> None:
    new = DeploymentFactory(environment=production, hours_ago=1, version="v2")
    old = DeploymentFactory(environment=production, hours_ago=48, version="v1")
    production.refresh_from_db()

    assert production.live == new
    assert old.served_at is None
    assert "v2 stays live, which is newer" in Event.objects.filter(subject_id=str(old.pk)).get().text


def test_a_new_deployment_does_not_go_live_while_production_is_pinned(production: Environment) -> None:
    good = DeploymentFactory(environment=production, hours_ago=48, version="v1")
    DeploymentFactory(environment=production, hours_ago=2, version="v2")
    lifecycle.went_live(production, good, by=SYSTEM, pinned=True)

    fix = DeploymentFactory(environment=production, version="v3")

    production.refresh_from_db()
    assert production.live == good
    assert "pinned to v1" in Event.objects.filter(subject_id=str(fix.pk)).get().text


def test_going_forward_lifts_the_pin(production: Environment) -> None:
    good = DeploymentFactory(environment=production, hours_ago=48)
    lifecycle.went_live(production, good, by=SYSTEM, pinned=True)
    fix = DeploymentFactory(environment=production)

    lifecycle.went_live(production, fix, by=SYSTEM, pinned=False)

    production.refresh_from_db()
    assert production.live == fix
    assert not Pin.objects.filter(lifted_at=None).exists()
    assert Event.objects.filter(kind="environment.unpinned").exists()


def test_a_second_rollback_moves_the_pin(production: Environment) -> None:
    one, two = (DeploymentFactory(environment=production, hours_ago=hours) for hours in (48, 24))
    lifecycle.went_live(production, two, by=SYSTEM, pinned=True)

    lifecycle.went_live(production, one, by=SYSTEM, pinned=True)

    assert Pin.objects.get(lifted_at=None).deployment == one


def test_a_deployment_of_another_environment_never_goes_live_here(production: Environment) -> None:
    elsewhere = DeploymentFactory(environment=EnvironmentFactory(service=production.service, name="staging"))

    with pytest.raises(Unacceptable):
        lifecycle.went_live(production, elsewhere, by=SYSTEM, pinned=False)


def test_the_same_reference_is_registered_once(production: Environment) -> None:
    DeploymentFactory(environment=production, reference="dpl_x")

    with pytest.raises(Refused, match="registered in portal production already") as refused:
        DeploymentFactory(environment=production, reference="dpl_x")

    assert refused.value.status == 409


def test_a_stakeholder_does_not_register_deployments(production: Environment, sam: Person) -> None:
    with pytest.raises(Forbidden, match="register deployments"):
        lifecycle.register_deployment(production, by=sam, reference="dpl_1", version="v1")


def test_what_a_release_changed_is_kept(production: Environment) -> None:
    migration = {"id": "0042", "kind": "destructive", "reversible": False}

    release = DeploymentFactory(
        environment=production,
        flags=["new-share", "new-share", "fast"],
        migrations=[migration],
        env_changes=["API_URL", {"name": "TOKEN", "hash": "ab12"}],
    )

    assert release.flags == ["new-share", "fast"]
    assert release.migrations == [{**migration, "down": ""}]
    assert release.env_changes == ["API_URL", {"name": "TOKEN", "hash": "ab12"}]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"reference": " "}, "reference"),
        ({"version": "v" * 101}, "version"),
        ({"commit": "c" * 65}, "commit"),
        ({"flags": ["x" * 101]}, "flags"),
        ({"flags": ["x"] * 201}, "flags"),
        ({"migrations": [{"id": "1", "kind": "odd", "reversible": True}]}, "migrations.0.kind"),
        ({"migrations": [{"id": "1", "kind": "additive"}]}, "migrations.0.reversible"),
        ({"env_changes": [{"name": "TOKEN", "value": "secret"}]}, "env_changes.0.value"),
        ({"deployed_at": timezone.now() + timedelta(hours=1)}, "deployed_at"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_its_name(
    production: Environment, said: dict[str, object], field: str
) -> None:
    with pytest.raises(Unacceptable) as refused:
        DeploymentFactory(environment=production, **said)

    assert refused.value.extra["field"] == field


def test_a_deployment_is_marked_with_a_reason(production: Environment, ivo: Person, sam: Person) -> None:
    release = DeploymentFactory(environment=production, version="v1")

    assert lifecycle.mark_good(release, by=ivo, reason="Four quiet days").good is True
    assert lifecycle.mark_unfit(release, by=ivo, reason="Leaks tokens").good is False
    assert Event.objects.filter(kind="deployment.marked_unfit").get().text.endswith("Leaks tokens")
    with pytest.raises(Forbidden):
        lifecycle.mark_good(release, by=sam, reason="I like it")
