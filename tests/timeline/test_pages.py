"""The page of the record says whether it was verified, and to each organisation only of its own."""

from __future__ import annotations

from django.test import Client

from apps.accounts.models import Organisation
from apps.timeline import checking
from apps.timeline.anchoring import anchor_due
from tests.accounts.factories import OrganisationFactory, PersonFactory
from tests.timeline import forging


def page_of(organisation: Organisation) -> str:
    """Return the page as somebody who may read it sees it."""
    person = PersonFactory(organisation=organisation, roles=["incident-commander"])
    client = Client()
    client.force_login(person.user, backend="django.contrib.auth.backends.ModelBackend")
    return client.get("/audit/").content.decode()


def test_a_verified_record_is_said_to_be(told: Organisation) -> None:
    assert "was verified" not in page_of(told)
    checking.check_daily()
    assert "was verified" in page_of(told)


def test_only_those_whose_record_was_changed_read_of_it(told: Organisation) -> None:
    other = OrganisationFactory()
    forging.tell(other, 3)
    anchor_due()
    forging.rewrite(told, 3, "nothing happened")
    checking.check_daily()
    assert "was changed from outside" in page_of(told)
    assert "was verified" not in page_of(told)
    assert "was changed from outside" not in page_of(other)
    assert "was verified" in page_of(other)
