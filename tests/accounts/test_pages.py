"""The pages of people and of one's own profile."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.test import Client

from apps.accounts.models import Organisation, Person, Token
from apps.accounts.permissions import may
from apps.accounts.rights import ADMINISTER, APPROVE
from apps.timeline.models import Event
from tests.accounts.conftest import sign_in
from tests.accounts.factories import PASSWORD, PersonFactory, TokenFactory

QUERIES = 18  # of a whole page: session, person, rights, frame, content with what rules and playbooks need


def test_people_stand_under_their_roles(ada: Person, rae: Person) -> None:
    page = sign_in(rae).get("/people/").content.decode().partition("<main")[2]
    assert page.index("Administrator") < page.index("Ada Admin") < page.index("Rae Reliability")
    assert "Add a person" not in page


def test_people_of_one_name_are_pointed_out_for_each_counts_in_a_vote(ada: Person, rae: Person) -> None:
    assert "Perhaps one human twice" not in sign_in(ada).get("/people/").content.decode()
    again = PersonFactory(organisation=rae.organisation, name=f" {rae.name.upper()} ")
    page = sign_in(ada).get("/people/").content.decode()
    assert page.index("Perhaps one human twice") < page.index(again.email)
    Person.objects.filter(pk=again.pk).update(active=False)
    assert "Perhaps one human twice" not in sign_in(ada).get("/people/").content.decode()


@pytest.mark.parametrize("path", ["/people/", "/profile/"])
def test_a_page_costs_no_more_with_more_people(
    ada: Person, team: Organisation, path: str, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        PersonFactory(organisation=team, roles=["founder", "cto"] if number % 2 else [])
        TokenFactory(person=ada)
    browser = sign_in(ada)
    with django_assert_max_num_queries(QUERIES):
        assert browser.get(path).status_code == 200


def test_an_administrator_lets_somebody_in_who_chooses_a_password_by_mail(ada: Person) -> None:
    browser = sign_in(ada)
    form = {"email": "kim@harbour.example", "name": "Kim", "roles": ["founder"]}
    answer = browser.post("/people/additions/", form, follow=True)
    assert b"A link to choose a password went to kim@harbour.example" in answer.content
    path = re.search(r"https?://[^/]+(/\S+)", mail.outbox[0].body)
    assert path
    newcomer = Client()
    shown = newcomer.get(path[1], follow=True)
    newcomer.post(shown.redirect_chain[-1][0], {"password1": PASSWORD, "password2": PASSWORD})
    kim = Person.objects.get(email="kim@harbour.example")
    assert may(kim, APPROVE)
    sign_in(kim)


def test_a_wrong_form_comes_back_with_the_reason(ada: Person) -> None:
    form = {"email": ada.email, "name": "Again", "roles": []}
    answer = sign_in(ada).post("/people/additions/", form)
    assert answer.status_code == 400
    assert b"is already here" in answer.content


def test_roles_are_given_and_taken_by_the_page(ada: Person, sam: Person) -> None:
    browser = sign_in(ada)
    browser.post(f"/people/{sam.pk}/roles/", {"role": "founder"})
    assert may(Person.objects.get(pk=sam.pk), APPROVE)
    browser.post(f"/people/{sam.pk}/roles/founder/withdrawal/")
    assert not may(Person.objects.get(pk=sam.pk), APPROVE)


def test_the_last_administrator_is_kept_with_a_sentence(ada: Person) -> None:
    answer = sign_in(ada).post(f"/people/{ada.pk}/deactivation/")
    assert answer.status_code == 409
    assert b"is the last administrator here" in answer.content
    assert may(Person.objects.get(pk=ada.pk), ADMINISTER)


def test_a_deactivated_person_comes_back(ada: Person, rae: Person) -> None:
    browser = sign_in(ada)
    browser.post(f"/people/{rae.pk}/deactivation/")
    assert b"Deactivated" in browser.get(f"/people/{rae.pk}/").content
    browser.post(f"/people/{rae.pk}/reactivation/")
    sign_in(rae)


DEEDS = [
    "/people/additions/",
    "/people/{id}/roles/",
    "/people/{id}/roles/founder/withdrawal/",
    "/people/{id}/deactivation/",
    "/people/{id}/reactivation/",
    "/people/{id}/invitation/",
]


@pytest.mark.parametrize("path", DEEDS)
def test_without_the_right_every_deed_is_refused_and_recorded(rae: Person, sam: Person, path: str) -> None:
    form = {"role": "founder", "email": "x@harbour.example", "name": "X", "roles": []}
    answer = sign_in(rae).post(path.format(id=sam.pk), form)
    assert answer.status_code == 403
    assert b"Only an Administrator may manage people" in answer.content
    assert Event.objects.filter(kind="deed.refused", actor=rae).count() == 1


@pytest.mark.parametrize("path", DEEDS[1:])
def test_foreign_and_unknown_people_look_the_same(ada: Person, mallory: Person, path: str) -> None:
    browser = sign_in(ada)
    foreign = browser.post(path.format(id=mallory.pk), {"role": "founder"})
    unknown = browser.post(path.format(id=uuid4()), {"role": "founder"})
    assert foreign.status_code == unknown.status_code == 404
    assert _still(foreign.content) == _still(unknown.content)


@pytest.mark.parametrize("path", DEEDS)
def test_reading_an_address_of_a_deed_does_nothing(ada: Person, sam: Person, path: str) -> None:
    assert sign_in(ada).get(path.format(id=sam.pk)).status_code == 405


def test_a_stakeholder_sees_neither_people_nor_the_other_rooms(sam: Person) -> None:
    browser = sign_in(sam)
    assert browser.get("/people/").status_code == 403
    assert "/playbooks/" not in browser.get("/profile/").content.decode()


def test_a_refusal_for_htmx_is_a_banner_that_leaves_the_form(rae: Person, sam: Person) -> None:
    answer = sign_in(rae).post(f"/people/{sam.pk}/deactivation/", headers={"HX-Request": "true"})
    assert answer.status_code == 403
    assert answer["HX-Retarget"] == ".messages"
    assert answer.content.startswith(b'<div class="banner"')


def test_a_token_is_shown_once_works_and_is_revoked(ada: Person) -> None:
    browser = sign_in(ada)
    form = {"name": "pipeline", "scopes": ["read"], "days": "30"}
    page = browser.post("/profile/tokens/", form).content.decode()
    secret = re.search(r"rb_[0-9a-f]{12}_[0-9a-f]{64}", page)
    assert secret
    program = Client(headers={"Authorization": f"Bearer {secret[0]}"})
    assert program.get("/api/v1/people").status_code == 200
    assert secret[0] not in browser.get("/profile/").content.decode()
    browser.post(f"/profile/tokens/{Token.objects.get().pk}/revocation/")
    assert program.get("/api/v1/people").status_code == 401


def test_nobody_ends_another_person_s_token_by_the_profile(ada: Person, rae: Person) -> None:
    token = TokenFactory(person=rae)
    assert sign_in(ada).post(f"/profile/tokens/{token.pk}/revocation/").status_code == 404


def test_names_and_zones_are_changed_and_the_record_tells_the_name(ada: Person) -> None:
    browser = sign_in(ada)
    browser.post("/profile/details/", {"name": "Ada Lee", "time_zone": "Australia/Melbourne"})
    page = browser.get("/profile/").content.decode()
    assert "Ada Lee" in page
    assert 'data-zone="Australia/Melbourne"' in page
    assert Event.objects.get(kind="person.renamed").text == "Ada Admin is now called Ada Lee."
    assert browser.post("/profile/details/", {"name": "", "time_zone": "Mars"}).status_code == 400


def test_mail_that_goes_into_a_folder_says_so(ada: Person, settings: Any, tmp_path: Path) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path
    form = {"email": "kim@harbour.example", "name": "Kim"}
    answer = sign_in(ada).post("/people/additions/", form, follow=True)
    assert str(tmp_path) in answer.content.decode()
    assert len(list(tmp_path.iterdir())) == 1


def test_mail_that_cannot_leave_is_said_and_the_person_is_here(ada: Person, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    form = {"email": "kim@harbour.example", "name": "Kim"}
    answer = sign_in(ada).post("/people/additions/", form, follow=True)
    assert b"could not be sent" in answer.content
    assert Person.objects.filter(email="kim@harbour.example").exists()


def test_text_of_people_is_shown_not_run(ada: Person, team: Organisation) -> None:
    PersonFactory(organisation=team, name="<script>alert(1)</script>\u202e", roles=["founder"])
    page = sign_in(ada).get("/people/").content.decode()
    assert "<script>alert" not in page
    assert "\u202e" not in page


def _still(content: bytes) -> str:
    return re.sub(r'value="[^"]*"|data-now="[^"]*"|datetime="[^"]*"|\d\d:\d\d:\d\d', "", content.decode())
