"""A provider's check asked now: by a program, and from the page of the connection."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from apps.accounts.models import Organisation
from apps.providers.models import Connection
from apps.timeline.models import Event
from tests.accounts.conftest import sign_in
from tests.accounts.factories import OrganisationFactory, PersonFactory
from tests.playbooks.conftest import program
from tests.providers.factories import ConnectionFactory
from tests.providers.foreign import Vendor, vendor_answering

RATE = {"check": "loss_share", "parameters": {"window_minutes": 5, "below": 1}}
FORM = {
    "check": "loss_share",
    "loss_share-window_minutes": "5",
    "loss_share-below": "1",
    "loss_share-above": "",
}


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> Iterator[Vendor]:
    """The vendor of the figures."""
    with vendor_answering(monkeypatch) as vendor:
        yield vendor


@pytest.fixture
def team(db: None) -> Organisation:
    """The organisation whose connection it is."""
    return OrganisationFactory()


@pytest.fixture
def connection(vendor: Vendor, team: Organisation) -> Connection:
    """The connection to the vendor."""
    return ConnectionFactory(
        organisation=team, provider="foreign", base_url=vendor.url, credentials={"token": "a-token"}
    )


def ask(team: Organisation, connection: Connection, body: Any, role: str = "incident-commander") -> Any:
    """Ask as a program of somebody with this role."""
    client = program(PersonFactory(organisation=team, roles=[role]))
    return client.post(f"/api/v1/connections/{connection.pk}/examinations", body, content_type="application/json")


def test_a_program_gets_the_figure_and_what_it_is_of(team: Organisation, connection: Connection) -> None:
    before = Event.objects.filter(subject_kind="connection").count()
    answer = ask(team, connection, RATE)
    assert answer.status_code == 200, answer.content
    said = answer.json()
    assert said["holds"] is True
    assert (said["value"], said["unit"], said["window_seconds"], said["samples"]) == (0.2, "%", 300.0, 1200)
    assert said["readings"] == [{"mark": "done", "text": said["message"]}]
    assert Event.objects.filter(subject_kind="connection").count() == before, "a question changes nothing"


def test_a_source_that_cannot_be_read_is_an_answer(team: Organisation, connection: Connection, vendor: Vendor) -> None:
    vendor.broken = 503
    said = ask(team, connection, RATE).json()
    assert said["holds"] is None
    assert said["value"] is None
    assert "503" in said["message"]


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({"check": "guess"}, "check", "Foreign has no check “guess”"),
        ({"check": "loss_share", "parameters": {"below": 1}}, "parameters", "“window_minutes” is missing"),
        ({"check": "loss_share", "parameters": {"window_minutes": 1, "below": 1}}, "parameters", "of 5 minutes"),
        ({"check": "health", "parameters": {"part": "a", "b": 1}}, "parameters", "no parameter “b”"),
    ],
)
def test_what_the_provider_does_not_take_is_refused_before_it_is_asked(
    team: Organisation, connection: Connection, vendor: Vendor, body: Any, field: str, words: str
) -> None:
    answer = ask(team, connection, body)
    assert answer.status_code == 422
    assert answer.json()["field"] == field
    assert words in answer.json()["detail"]
    assert vendor.asked == []


def test_whoever_may_not_operate_asks_nothing(team: Organisation, connection: Connection, vendor: Vendor) -> None:
    assert ask(team, connection, RATE, "stakeholder").status_code in {403, 404}
    assert vendor.asked == []


def test_a_connection_that_cannot_be_opened_is_said_to_be_so(team: Organisation, connection: Connection) -> None:
    Connection.objects.filter(pk=connection.pk).update(sealed_credentials="v1.broken")
    assert ask(team, connection, RATE).json()["holds"] is None


def test_the_page_asks_and_shows_what_was_found(team: Organisation, connection: Connection, vendor: Vendor) -> None:
    client = sign_in(PersonFactory(organisation=team, roles=["incident-commander"]))
    address = f"/connections/{connection.pk}/"
    assert "Ask: Share of failed requests" in client.get(address).content.decode()
    vendor.rate = 7.5
    answer = client.post(f"{address}examinations/", FORM)
    assert answer.status_code == 200
    assert "7.5 % over 5 min, from 1200 samples; wanted below 1 %." in answer.content.decode()
    answer = client.post(f"{address}examinations/", {**FORM, "loss_share-window_minutes": "1"})
    assert answer.status_code == 422
    assert "only for windows of 5 minutes" in answer.content.decode()
    answer = client.post(f"{address}examinations/", {"check": "health", "health-part": "api"})
    assert "api is well." in answer.content.decode()
    assert client.post(f"{address}examinations/", {"check": "guess"}).status_code == 422


def test_who_may_only_look_sees_no_questions(team: Organisation, connection: Connection) -> None:
    client = sign_in(PersonFactory(organisation=team, roles=["client-success-lead"]))
    assert "Ask: Share" not in client.get(f"/connections/{connection.pk}/").content.decode()
