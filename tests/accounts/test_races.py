"""Two at the same moment: real transactions, real threads."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client

from apps.accounts import lifecycle
from apps.accounts.models import Organisation, Person, Role, RoleHolding
from apps.accounts.set_up import make_link
from apps.timeline.answers import Refused
from tests.accounts.conftest import program
from tests.accounts.factories import PersonFactory
from tests.accounts.test_set_up import FORM

pytestmark = pytest.mark.django_db(transaction=True)
NEW = json.dumps({"email": "kim@harbour.example", "name": "Kim"})


def together(*deeds: Callable[[], Any]) -> list[Any]:
    """Run the deeds at the same moment, each in a thread with its own connection; return what they return."""
    start = Barrier(len(deeds))

    def run(deed: Callable[[], Any]) -> Any:
        try:
            start.wait(10)
            return deed()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as threads:
        return list(threads.map(run, deeds))


def test_one_key_sent_eight_times_at_once_creates_once(ada: Person) -> None:
    client = program(ada)

    def send() -> int:
        headers = {"Idempotency-Key": "k1"}
        return client.post("/api/v1/people", NEW, content_type="application/json", headers=headers).status_code

    answers = Counter(together(*[send] * 8))
    assert answers[201] >= 1
    assert answers.keys() <= {201, 409}
    assert Person.objects.filter(email="kim@harbour.example").count() == 1


def test_one_address_sent_eight_times_without_a_key_is_one_person(ada: Person) -> None:
    client = program(ada)

    def send() -> int:
        return client.post("/api/v1/people", NEW, content_type="application/json").status_code

    answers = Counter(together(*[send] * 8))
    assert answers[201] == 1
    assert answers.keys() <= {201, 409, 422}
    assert Person.objects.filter(email="kim@harbour.example").count() == 1


def test_the_set_up_link_lets_one_through() -> None:
    path = urlsplit(make_link()).path

    def send(number: int) -> Callable[[], int]:
        form = {**FORM, "slug": f"team-{number}", "email": f"a{number}@harbour.example"}
        return lambda: Client().post(path, form).status_code

    answers = Counter(together(send(1), send(2), send(3)))
    assert answers == {302: 1, 404: 2}
    assert Organisation.objects.count() == 1


def test_two_administrators_cannot_put_each_other_out(ada: Person) -> None:
    bea = PersonFactory(organisation=ada.organisation, roles=["admin"])
    admin = Role.objects.get(organisation=ada.organisation, slug="admin")

    def take(person: Person, by: Person) -> Callable[[], str]:
        def deed() -> str:
            try:
                lifecycle.take_role(person, admin, by=by)
            except Refused:
                return "refused"
            return "taken"

        return deed

    assert sorted(together(take(bea, ada), take(ada, bea))) == ["refused", "taken"]
    assert RoleHolding.objects.filter(role=admin).count() == 1
