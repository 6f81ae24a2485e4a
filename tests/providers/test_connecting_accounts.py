"""Connect accounts: what is kept, sealed, refused and found out."""

from typing import Any

import pytest

from apps.accounts.models import Organisation, Person
from apps.providers import lifecycle, opening
from apps.providers.models import Connection
from apps.providers.simulation import Simulators
from apps.timeline.answers import Forbidden, Refused, Unacceptable
from apps.timeline.models import Event
from tests.accounts.factories import OrganisationFactory, PersonFactory
from tests.providers.factories import ConnectionFactory

pytestmark = pytest.mark.usefixtures("this_machine")

SECRET = "token-that-nobody-may-see"


@pytest.fixture
def team(db: None, settings: Any) -> Organisation:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return OrganisationFactory()


@pytest.fixture
def ada(team: Organisation) -> Person:
    return PersonFactory(organisation=team, name="Ada", roles=["admin"])


@pytest.fixture
def ivo(team: Organisation) -> Person:
    return PersonFactory(organisation=team, name="Ivo", roles=["incident-commander"])


def connect(team: Organisation, by: Person, **said: object) -> Connection:
    usual = {
        "name": "Vercel portal",
        "provider": "vercel",
        "settings": {"project_id": "prj_1"},
        "credentials": {"token": SECRET},
    }
    return lifecycle.connect(team, by=by, **{**usual, **said})


def test_credentials_are_sealed_and_open_only_for_their_connection(team: Organisation, ada: Person) -> None:
    connection = connect(team, ada)

    assert SECRET not in connection.sealed_credentials
    access = opening.access(connection)
    assert access.credentials == {"token": SECRET}
    assert (access.settings, access.name) == ({"project_id": "prj_1"}, "Vercel portal")
    other = connect(team, ada, name="Other")
    other.sealed_credentials = connection.sealed_credentials
    with pytest.raises(Exception, match="belong to another connection"):
        opening.access(other)


def test_the_record_holds_no_credentials(team: Organisation, ada: Person) -> None:
    connection = connect(team, ada)
    lifecycle.replace_credentials(connection, by=ada, credentials={"token": SECRET + "2"})

    events = Event.objects.filter(kind__startswith="connection.")
    assert [event.text for event in events.order_by("pk")] == [
        "Ada connected Vercel as “Vercel portal”.",
        "Ada replaced the credentials of “Vercel portal”.",
    ]
    assert not any(SECRET in str(event.details) for event in events)


def test_only_an_administrator_connects(team: Organisation, ivo: Person) -> None:
    with pytest.raises(Forbidden, match="manage people, services and connections"):
        connect(team, ivo)
    assert not Connection.objects.exists()


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"provider": "nowhere"}, "provider"),
        ({"settings": {}}, "settings.project_id"),
        ({"settings": {"project_id": "p", "colour": "red"}}, "settings.colour"),
        ({"settings": {"project_id": 7}}, "settings.project_id"),
        ({"settings": {"project_id": "a\x07b"}}, "settings.project_id"),
        ({"credentials": {}}, "credentials.token"),
        ({"credentials": {"token": ["a"]}}, "credentials.token"),
        ({"credentials": {"token": "x" * 10_001}}, "credentials.token"),
        ({"credentials": {"token": "a", "password": "b"}}, "credentials.password"),
        ({"base_url": "ftp://files.example"}, "base_url"),
        ({"base_url": "https://api.example/?team=1"}, "base_url"),
    ],
)
def test_what_cannot_be_used_is_refused_by_its_name(
    team: Organisation, ada: Person, said: dict[str, object], field: str
) -> None:
    with pytest.raises(Unacceptable) as refused:
        connect(team, ada, **said)

    assert refused.value.extra["field"] == field
    assert not Connection.objects.exists()


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "http://10.0.0.1", "http://[::1]/", "http://localhost"])
def test_a_private_address_is_refused_when_it_is_saved(
    team: Organisation, ada: Person, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTBOUND_ALLOW", "")

    with pytest.raises(Unacceptable, match="Address not allowed") as refused:
        connect(team, ada, base_url=address)

    assert refused.value.extra["field"] == "base_url"


def test_two_connections_cannot_share_a_name(team: Organisation, ada: Person) -> None:
    connect(team, ada)

    with pytest.raises(Refused, match="already a connection called"):
        connect(team, ada)


def test_a_provider_without_an_address_of_its_own_needs_one(team: Organisation, ada: Person) -> None:
    with pytest.raises(Unacceptable) as refused:
        connect(team, ada, provider="http", settings={}, credentials={})

    assert refused.value.extra["field"] == "base_url"


@pytest.mark.parametrize("slug", ["vercel", "launchdarkly", "upstash", "slack", "pagerduty"])
def test_a_good_account_passes_its_check(team: Organisation, ivo: Person, simulators: Simulators, slug: str) -> None:
    connection = ConnectionFactory(organisation=team, provider=slug, simulators=simulators)

    checked = lifecycle.check(connection, by=ivo)

    assert checked.check_ok, checked.findings
    assert all(set(finding) == {"level", "message", "code"} for finding in checked.findings)
    assert Event.objects.filter(kind="connection.checked").get().text.startswith("Ivo checked the connection")


def test_a_wrong_token_is_a_finding_and_not_a_crash(team: Organisation, ada: Person, simulators: Simulators) -> None:
    connection = ConnectionFactory(organisation=team, simulators=simulators, credentials={"token": "wrong"})

    checked = lifecycle.check(connection, by=ada)

    assert checked.check_ok is False
    assert any(finding["level"] == "error" for finding in checked.findings)


def test_an_unreachable_provider_is_a_clear_finding(team: Organisation, ada: Person) -> None:
    connection = connect(team, ada, base_url="http://127.0.0.1:1")

    checked = lifecycle.check(connection, by=ada)

    assert checked.check_ok is False
    assert "could not be reached at 127.0.0.1:1" in checked.findings[0]["message"]


def test_new_credentials_make_old_findings_void(team: Organisation, ada: Person, simulators: Simulators) -> None:
    connection = lifecycle.check(ConnectionFactory(organisation=team, simulators=simulators), by=ada)

    replaced = lifecycle.replace_credentials(connection, by=ada, credentials={"token": "other"})

    assert (replaced.version, replaced.check_ok, replaced.findings) == (2, None, [])


def test_a_key_that_is_gone_is_a_finding(team: Organisation, ada: Person, settings: Any) -> None:
    connection = connect(team, ada)
    settings.ENCRYPTION_KEYS = ["MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="]

    checked = lifecycle.check(connection, by=ada)

    assert "cannot be opened" in checked.findings[0]["message"]


def test_a_stakeholder_checks_nothing(team: Organisation, ada: Person) -> None:
    connection = connect(team, ada)

    with pytest.raises(Forbidden):
        lifecycle.check(connection, by=PersonFactory(organisation=team, roles=["stakeholder"]))
