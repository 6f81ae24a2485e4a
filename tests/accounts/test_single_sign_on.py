"""Signing in by an OpenID Connect service: who comes in, with which roles, and everything that is not believed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.http import HttpResponse
from django.test import Client
from playwright.sync_api import expect

from apps.accounts import group_roles, lifecycle
from apps.accounts.models import GroupMapping, Person, Role, RoleHolding
from apps.accounts.permissions import may
from apps.accounts.rights import ADMINISTER, APPROVE
from apps.timeline.models import Event
from rollback_portal.environment import SingleSignOn
from tests.accounts.browsing import browsing, site
from tests.accounts.conftest import sign_in
from tests.oidc.provider import CLIENT_ID, CLIENT_SECRET, KEY_ID, Account, Provider, running
from tests.simulators import ask

BEGIN, RETURN = "/accounts/single-sign-on/", "/accounts/single-sign-on/return/"


@pytest.fixture
def service(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """The provider, set up here; it knows Rae."""
    monkeypatch.setenv("OUTBOUND_ALLOW", "127.0.0.0/8")
    settings.BASE_URL = "http://testserver"
    with running() as provider:
        provider.redirect_uris = {"http://testserver" + RETURN}
        provider.person = Account("sub-rae", "Rae@harbour.example", name="Rae")
        scopes = ("openid", "email", "profile")
        settings.SINGLE_SIGN_ON = SingleSignOn(
            provider.issuer, CLIENT_ID, CLIENT_SECRET, "Harbour ID", scopes, "groups"
        )
        yield provider


def go(browser: Client, **form: str) -> str:
    """Press the button; return the address at the service."""
    page = browser.post(BEGIN, form)
    assert page.status_code == 200, page.content.decode()
    found = re.search(r'url=([^"]+)"', page.content.decode())
    assert found
    return unescape(found[1])


def come_back(browser: Client, address: str) -> HttpResponse:
    """Let the service answer at once, and follow it back."""
    back = urlsplit(ask(address).headers["location"])
    return browser.get(f"{back.path}?{back.query}")


def enter(browser: Client | None = None, **form: str) -> HttpResponse:
    browser = browser or Client()
    return come_back(browser, go(browser, **form))


def assert_refused(answer: HttpResponse, words: str) -> None:
    assert answer.status_code == 403, answer.content.decode()
    assert words in unescape(answer.content.decode())
    assert CLIENT_SECRET not in answer.content.decode()
    assert "_auth_user_id" not in answer.client.session


def test_the_button_is_there_only_where_a_service_is_set_up(service: Provider, settings: Any, db: None) -> None:
    assert "Sign in with Harbour ID" in Client().get("/accounts/login/").content.decode()
    settings.SINGLE_SIGN_ON = None
    assert "Sign in with" not in Client().get("/accounts/login/").content.decode()
    assert Client().post(BEGIN).status_code == Client().get(RETURN).status_code == 404


def test_a_person_is_found_by_a_verified_address_and_led_to_where_they_wanted(rae: Person, service: Provider) -> None:
    browser = Client()
    assert enter(browser, next="/people/")["Location"] == "/people/"
    assert browser.get("/people/").status_code == 200
    assert browser.get("/profile/").context["person"] == rae
    told = Event.objects.get(kind="person.sign_in_tied")
    assert told.text == "Rae Reliability signs in by Harbour ID from now on."


def test_what_is_sent_carries_state_nonce_and_a_challenge_and_never_the_secret(rae: Person, service: Provider) -> None:
    asked = parse_qs(urlsplit(go(Client())).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == ["http://testserver" + RETURN]
    assert {"state", "nonce", "code_challenge", "client_id"} <= asked.keys()
    assert CLIENT_SECRET not in str(asked)


@pytest.mark.parametrize("next_url", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x"])
def test_next_never_leads_away(rae: Person, service: Provider, next_url: str) -> None:
    assert enter(next=next_url)["Location"] == "/"


def test_the_second_time_the_services_own_name_decides_not_the_address(rae: Person, service: Provider) -> None:
    enter()
    service.person = Account("sub-rae", "rae.newname@harbour.example")
    browser = Client()
    assert enter(browser).status_code == 302
    assert browser.get("/profile/").context["person"] == rae


def test_an_address_that_was_given_to_somebody_else_opens_nothing(rae: Person, service: Provider) -> None:
    enter()
    service.person = Account("sub-another", "rae@harbour.example")
    assert_refused(enter(), "belongs to another account of the service")


@pytest.mark.parametrize("verified", [False, None, "no", 0])
def test_an_address_that_is_not_verified_is_not_believed(rae: Person, service: Provider, verified: Any) -> None:
    service.person.email_verified = verified
    assert_refused(enter(), "has not verified that rae@harbour.example is yours")


def test_a_stranger_gets_a_sentence_and_no_account(rae: Person, service: Provider) -> None:
    service.person = Account("sub-x", "stranger@elsewhere.example")
    assert_refused(enter(), "Nobody here has the address stranger@elsewhere.example")
    assert Person.objects.count() == 1


def test_a_deactivated_person_stays_out(ada: Person, rae: Person, service: Provider) -> None:
    enter()
    lifecycle.deactivate_person(rae, by=ada)
    assert_refused(enter(), "Your account here is deactivated")


def test_an_account_that_is_switched_off_stays_out(rae: Person, service: Provider) -> None:
    assert rae.user
    rae.user.is_active = False
    rae.user.save()
    assert_refused(enter(), "Your account here is deactivated")


# --- tokens that are not believed -----------------------------------------------------------------------------------


def unsigned(provider: Provider, claims: dict[str, Any]) -> str:
    return jwt.encode(claims, None, "none", headers={"kid": KEY_ID})


def with_the_public_key_as_a_secret(provider: Provider, claims: dict[str, Any]) -> str:
    pem = provider.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    head, body = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
        for part in ({"alg": "HS256", "typ": "JWT", "kid": KEY_ID}, claims)
    )
    seal = base64.urlsafe_b64encode(hmac.new(pem, head + b"." + body, hashlib.sha256).digest()).rstrip(b"=")
    return b".".join([head, body, seal]).decode()


def with_the_clients_secret(provider: Provider, claims: dict[str, Any]) -> str:
    return jwt.encode(claims, CLIENT_SECRET.ljust(32, "x"), "HS256", headers={"kid": KEY_ID})


def with_another_key(provider: Provider, claims: dict[str, Any]) -> str:
    return jwt.encode(claims, rsa.generate_private_key(65537, 2048), "RS256", headers={"kid": KEY_ID})


def with_an_unpublished_key(provider: Provider, claims: dict[str, Any]) -> str:
    return jwt.encode(claims, rsa.generate_private_key(65537, 2048), "RS256", headers={"kid": "key-2"})


def nothing_readable(provider: Provider, claims: dict[str, Any]) -> str:
    return "not.a.token"


@pytest.mark.parametrize(
    ("signer", "words"),
    [
        (unsigned, "not signed in a way that is accepted here"),
        (with_the_public_key_as_a_secret, "not signed in a way that is accepted here"),
        (with_the_clients_secret, "not signed in a way that is accepted here"),
        (with_another_key, "The signature of its answer is wrong"),
        (with_an_unpublished_key, "a key that it does not publish"),
        (nothing_readable, "Its answer cannot be read"),
    ],
)
def test_a_forged_signature_is_refused(
    rae: Person, service: Provider, signer: Callable[[Provider, dict[str, Any]], str], words: str
) -> None:
    service.signer = signer
    assert_refused(enter(), words)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"nonce": "another"}, "belongs to another sign-in"),
        ({"nonce": None}, "Its answer cannot be read"),
        ({"aud": "another-client"}, "meant for another application"),
        ({"aud": [CLIENT_ID, "another-client"]}, "meant for another application"),
        ({"azp": "another-client"}, "meant for another application"),
        ({"iss": "https://evil.example"}, "comes from another service"),
        ({"exp": 1_000_000_000}, "is too old"),
        ({"iat": 4_000_000_000}, "Its answer cannot be read"),
        ({"exp": None}, "Its answer cannot be read"),
        ({"sub": None}, "Its answer cannot be read"),
    ],
)
def test_a_token_that_says_something_wrong_is_refused(
    rae: Person, service: Provider, change: dict[str, Any], words: str
) -> None:
    def spoil(claims: dict[str, Any]) -> None:
        for name, value in change.items():
            claims.pop(name) if value is None else claims.update({name: value})

    service.spoil = spoil
    assert_refused(enter(), words)


def test_a_code_that_was_used_is_refused(rae: Person, service: Provider) -> None:
    browser = Client()
    back = urlsplit(ask(go(browser)).headers["location"])
    assert browser.get(f"{back.path}?{back.query}").status_code == 302
    browser.post("/accounts/logout/")
    assert_refused(browser.get(f"{back.path}?{back.query}"), "belongs to no sign-in that was begun in this browser")
    again = parse_qs(urlsplit(go(browser)).query)["state"][0]
    spent = parse_qs(back.query)["code"][0]
    assert_refused(browser.get(RETURN, {"code": spent, "state": again}), "Error retrieving")


def test_an_answer_that_another_browser_began_is_refused(rae: Person, service: Provider) -> None:
    attacker, victim = Client(), Client()
    go(victim)
    assert_refused(come_back(victim, go(attacker)), "belongs to no sign-in that was begun in this browser")


def test_a_code_of_another_sign_in_is_refused_by_the_challenge(rae: Person, service: Provider) -> None:
    attacker, victim = Client(), Client()
    stolen = parse_qs(urlsplit(ask(go(victim)).headers["location"]).query)["code"][0]
    state = parse_qs(urlsplit(go(attacker)).query)["state"][0]
    answer = attacker.get(RETURN, {"code": stolen, "state": state})
    assert answer.status_code == 403
    assert "_auth_user_id" not in attacker.session


def test_an_answer_of_another_issuer_is_refused(rae: Person, service: Provider) -> None:
    browser = Client()
    back = urlsplit(ask(go(browser)).headers["location"])
    assert_refused(browser.get(f"{back.path}?{back.query}&iss=https://evil.example"), "comes from another service")


def test_a_service_under_another_name_is_refused(rae: Person, service: Provider) -> None:
    service.discovery = {"issuer": "https://evil.example"}
    assert_refused(Client().post(BEGIN), "by another name than OIDC_ISSUER")


def test_userinfo_about_somebody_else_is_refused(rae: Person, service: Provider) -> None:
    service.spoil = lambda claims: claims.pop("email")
    assert enter().status_code == 302
    service.userinfo = lambda said: said.update(sub="sub-other")
    assert_refused(enter(), "It answered about somebody else")


def test_a_private_address_is_not_asked(rae: Person, service: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTBOUND_ALLOW", "")
    service.seen.clear()
    assert_refused(Client().post(BEGIN), "Address not allowed")
    assert service.seen == []


def test_leaving_the_service_is_told(rae: Person, service: Provider) -> None:
    service.refuses = "access_denied"
    assert_refused(enter(), "You left it before it could say who you are")


# --- groups ---------------------------------------------------------------------------------------------------------


def map_group(ada: Person, group: str, slug: str) -> None:
    role = Role.objects.get(organisation=ada.organisation, slug=slug)
    group_roles.add_mapping(ada.organisation, group=group, role=role, by=ada)


def roles_of(person: Person) -> set[str]:
    return set(RoleHolding.objects.filter(person=person).values_list("role__slug", flat=True))


def test_groups_give_and_take_roles_at_each_sign_in_and_leave_what_people_gave(
    ada: Person, rae: Person, service: Provider
) -> None:
    map_group(ada, "deciders", "incident-commander")
    map_group(ada, "partners", "reliability-partner")
    service.person.groups = ["deciders", "partners", "unknown"]
    enter()
    assert roles_of(rae) == {"reliability-partner", "incident-commander"}
    service.person.groups = []
    browser = Client()
    enter(browser)
    assert roles_of(rae) == {"reliability-partner"}
    kinds = list(Event.objects.filter(kind__startswith="role.").order_by("pk").values_list("kind", "actor_name"))
    assert kinds[-2:] == [("role.given", "Rollback Portal"), ("role.taken", "Rollback Portal")]


def test_a_role_that_a_person_gives_as_well_stays(ada: Person, rae: Person, service: Provider) -> None:
    map_group(ada, "deciders", "incident-commander")
    service.person.groups = ["deciders"]
    enter()
    lifecycle.give_role(rae, Role.objects.get(organisation=ada.organisation, slug="incident-commander"), by=ada)
    service.person.groups = []
    enter()
    assert "incident-commander" in roles_of(rae)


def test_the_last_administrator_keeps_the_role_against_the_groups_and_that_is_told(
    ada: Person, rae: Person, service: Provider
) -> None:
    map_group(ada, "admins", "admin")
    service.person.groups = ["admins"]
    enter()
    lifecycle.deactivate_person(ada, by=rae)
    service.person.groups = []
    enter()
    assert may(Person.objects.get(pk=rae.pk), ADMINISTER)
    assert Event.objects.filter(kind="group.not_followed").exists()


def test_groups_of_one_organisation_give_nothing_in_another(
    ada: Person, mallory: Person, rae: Person, service: Provider
) -> None:
    map_group(mallory, "deciders", "founder")
    service.person.groups = ["deciders"]
    enter()
    assert roles_of(rae) == {"reliability-partner"}


def test_the_end_of_the_last_mapping_takes_the_role_at_once(ada: Person, sam: Person, service: Provider) -> None:
    map_group(ada, "deciders", "founder")
    service.person = Account("sub-sam", sam.email, groups=["deciders"])
    enter()
    assert may(Person.objects.get(pk=sam.pk), APPROVE)
    group_roles.remove_mapping(GroupMapping.objects.select_related("role").get(), by=ada)
    assert not may(Person.objects.get(pk=sam.pk), APPROVE)


# --- proof ----------------------------------------------------------------------------------------------------------

TOKEN = {"name": "pipeline", "scopes": ["read"], "days": "30"}


def test_coming_from_a_service_proves_only_what_it_says_of_itself(rae: Person, service: Provider) -> None:
    service.obeys_prompt, service.person.asked_at = False, time.time() - 3600
    old, fresh, silent = Client(), Client(), Client()
    enter(old)
    assert old.post("/profile/tokens/", TOKEN).status_code == 302
    service.spoil = lambda claims: claims.pop("auth_time")
    enter(silent)
    assert silent.post("/profile/tokens/", TOKEN).status_code == 302
    service.spoil, service.person.asked_at = (lambda claims: None), time.time()
    enter(fresh)
    assert fresh.post("/profile/tokens/", TOKEN).status_code == 201


def test_somebody_without_a_password_is_asked_again_by_the_service_and_the_form_survives(
    rae: Person, service: Provider
) -> None:
    assert rae.user
    rae.user.set_unusable_password()
    rae.user.save()
    service.person.asked_at = time.time() - 3600
    browser = Client()
    enter(browser)
    asked = browser.post("/profile/tokens/", TOKEN)
    page = browser.get(asked["Location"]).content.decode()
    assert "Sign in again with Harbour ID" in page
    assert 'name="password"' not in page
    address = go(browser, next="/profile/")
    sent = parse_qs(urlsplit(address).query)
    assert (sent["prompt"], sent["max_age"]) == (["login"], ["0"])
    assert come_back(browser, address)["Location"] == "/profile/"
    assert 'value="pipeline"' in browser.get("/profile/").content.decode()
    assert browser.post("/profile/tokens/", TOKEN).status_code == 201


def test_a_service_that_does_not_ask_again_proves_nothing(rae: Person, service: Provider) -> None:
    service.obeys_prompt, service.person.asked_at = False, time.time() - 3600
    browser = Client()
    enter(browser)
    answer = enter(browser, next="/profile/")
    assert answer.status_code == 403
    assert b"did not ask again who you are" in answer.content
    assert browser.post("/profile/tokens/", TOKEN).status_code == 302


def test_somebody_elses_proof_is_none(ada: Person, rae: Person, service: Provider) -> None:
    enter()
    browser = sign_in(ada)
    answer = enter(browser, next="/profile/")
    assert answer.status_code == 403
    assert b"named somebody else" in answer.content
    assert browser.get("/profile/").context["person"] == ada


# --- in a real browser, to another site and back ----------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_the_button_leads_there_and_back(
    ada: Person, rae: Person, service: Provider, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # the browser brings an event loop into this thread
    with site(settings) as address, browsing(address) as page:
        service.redirect_uris = {address + RETURN}
        page.goto("/accounts/login/?next=/profile/")
        page.get_by_role("button", name="Sign in with Harbour ID").click()
        expect(page.get_by_role("heading", name="Rae Reliability")).to_be_visible()
        page.goto("/accounts/reauthenticate/?next=/people/")
        page.get_by_role("button", name="Sign in again with Harbour ID").click()
        expect(page.get_by_role("heading", level=1, name="People")).to_be_visible()
