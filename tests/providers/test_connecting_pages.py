"""The pages of connections: entered, checked at once, never shown again."""

from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Organisation, Person
from apps.providers import opening, registry
from apps.providers.models import Connection
from apps.providers.simulation import Simulators
from tests.accounts.conftest import sign_in
from tests.accounts.factories import OrganisationFactory, PersonFactory
from tests.providers.factories import ConnectionFactory

pytestmark = pytest.mark.usefixtures("this_machine")

SECRET = "token-that-nobody-may-see"


@pytest.fixture
def team(db: None, settings: Any) -> Organisation:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return OrganisationFactory()


def browser(person: Person) -> Client:
    return sign_in(person)


@pytest.fixture
def admin(team: Organisation) -> Client:
    return browser(PersonFactory(organisation=team, roles=["admin"]))


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def entered(simulators: Simulators, **changes: str) -> dict[str, str]:
    about = simulators.describe()["vercel"]
    said = {f"settings_{name}": value for name, value in about["settings"].items()}
    said |= {f"credentials_{name}": value for name, value in about["credentials"].items()}
    return {"name": "Vercel portal", "base_url": simulators.address("vercel"), **said, **changes}


def test_every_provider_is_offered(admin: Client) -> None:
    page = text_of(admin.get("/connections/new/"))

    assert [one.name for one in registry.providers() if one.name not in page] == []


def test_what_can_be_connected_is_found_by_what_it_does(admin: Client) -> None:
    page = text_of(admin.get("/connections/new/?q=RESTORE+database"))
    assert "Neon" in page
    assert "Supabase" in page
    assert "Slack" not in page
    assert "Show everything" in text_of(admin.get("/connections/new/?q=carrier+pigeon"))


def test_an_account_is_checked_as_it_is_entered(admin: Client, simulators: Simulators) -> None:
    saved = admin.post("/connections/new/vercel/", entered(simulators), follow=True)

    assert saved.status_code == 200
    assert "Can be used" in text_of(saved)
    assert "Signed in; the project" in text_of(saved)
    assert Connection.objects.get().check_ok is True


def test_it_is_saved_with_what_is_wrong_and_repaired(admin: Client, team: Organisation, simulators: Simulators) -> None:
    wrong = admin.post("/connections/new/vercel/", entered(simulators, credentials_token="wrong-token"), follow=True)
    assert "Cannot be used" in text_of(wrong)
    assert "wrong-token" not in text_of(wrong)
    connection = Connection.objects.get()

    token = simulators.describe()["vercel"]["credentials"]["token"]
    answer = admin.post(f"/connections/{connection.pk}/credentials/", {"credentials_token": token}, follow=True)

    assert "Can be used" in text_of(answer)
    assert opening.access(Connection.objects.get()).credentials == {"token": token}


def test_a_form_with_an_error_does_not_show_the_credentials(admin: Client) -> None:
    answer = admin.post("/connections/new/vercel/", {"name": "", "credentials_token": SECRET})

    assert answer.status_code == 422
    assert SECRET not in text_of(answer)
    assert not Connection.objects.exists()


def test_a_private_address_is_said_at_its_field(
    admin: Client, simulators: Simulators, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTBOUND_ALLOW", "")

    answer = admin.post("/connections/new/vercel/", entered(simulators))

    assert answer.status_code == 422
    assert 'id="id_base_url_error"' in text_of(answer)
    assert "Address not allowed" in text_of(answer)


def test_headers_are_entered_as_json(admin: Client) -> None:
    page = {"name": "Own site", "base_url": "http://127.0.0.1:1", "credentials_headers": "not json"}

    assert "This is not JSON" in text_of(admin.post("/connections/new/http/", page))
    admin.post("/connections/new/http/", {**page, "credentials_headers": '{"X-Key": "abc"}'})

    assert opening.access(Connection.objects.get()).credentials == {"headers": {"X-Key": "abc"}}


def test_check_now_shows_what_changed(admin: Client, team: Organisation, simulators: Simulators) -> None:
    connection = ConnectionFactory(organisation=team, simulators=simulators)
    page = f"/connections/{connection.pk}/"
    assert "Not checked yet" in text_of(admin.get(page))

    assert "Can be used" in text_of(admin.post(f"{page}checks/", follow=True))


def test_foreign_connections_are_not_here(admin: Client) -> None:
    foreign = ConnectionFactory()

    assert admin.get(f"/connections/{foreign.pk}/").status_code == 404
    assert admin.post(f"/connections/{foreign.pk}/checks/").status_code == 404
    assert admin.post(f"/connections/{foreign.pk}/credentials/", {}).status_code == 404
    assert foreign.name not in text_of(admin.get("/connections/"))


def test_the_commander_may_check_and_not_connect(team: Organisation, simulators: Simulators) -> None:
    commander = browser(PersonFactory(organisation=team, roles=["incident-commander"]))
    connection = ConnectionFactory(organisation=team, simulators=simulators)

    assert commander.post(f"/connections/{connection.pk}/checks/").status_code == 302
    assert commander.get("/connections/new/").status_code == 403
    assert commander.post("/connections/new/vercel/", {}).status_code == 403
    page = f"/connections/{connection.pk}/credentials/"
    assert commander.post(page, {"credentials_token": SECRET}).status_code == 403
    assert "Replace the credentials" not in text_of(commander.get(f"/connections/{connection.pk}/"))


def test_a_stakeholder_sees_no_connections(team: Organisation) -> None:
    stakeholder = browser(PersonFactory(organisation=team, roles=["stakeholder"]))

    assert stakeholder.get("/connections/").status_code == 403
