"""Who asks, in which organisation and time zone; and what a refusal looks like."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth import logout
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.deprecation import MiddlewareMixin

from apps.accounts import admissions, reauthentication, refusing
from apps.accounts.models import Person, User
from apps.accounts.programs import problem
from apps.accounts.requests import Request
from apps.accounts.zones import known_zones
from apps.timeline import second_wall, stream
from apps.timeline.answers import Refused

CHOSEN_ORGANISATION = "organisation"  # the session's key
API = "/api/"


class PersonMiddleware(MiddlewareMixin):
    """Set `request.person`, `.organisation` and `.organisations`; sign out whoever was deactivated."""

    def process_request(self, request: Request) -> HttpResponseBase | None:
        """Find the person behind the session. Programs bring a token instead, which the API reads itself."""
        asked: Any = request
        asked.person, asked.organisation, asked.organisations = None, None, []
        timezone.activate(timezone.get_default_timezone())
        if "\x00" in request.path:
            return refusing.not_found(request)
        if request.path.startswith(API) or not request.user.is_authenticated:
            return None
        people = _people_of(request.user)
        if not people:
            return _sign_out(request)
        person = _chosen(people, request.session.get(CHOSEN_ORGANISATION))
        request.person, request.organisation = person, person.organisation
        request.organisations = [each.organisation for each in people]
        timezone.activate(zone_of(person))
        second_wall.raise_for(person.organisation_id)
        return None

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Nothing that a signed-in person sees may stay in a cache, and no stream outlives what opened it."""
        second_wall.lower()
        _admit(request, response)
        if getattr(request, "person", None) is not None:
            patch_cache_control(response, no_store=True)
        if response.status_code == 302 and request.headers.get("HX-Request") == "true":
            return _as_whole_page(request, response)
        return response


class RefusalMiddleware(MiddlewareMixin):
    """Turn a refusal into a page, a fragment or a problem, with its status and its reason."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer `Refused` and its kinds; leave every other exception to Django."""
        if isinstance(exception, reauthentication.ReauthenticationRequired):
            return reauthentication.ask(request, exception)
        if isinstance(exception, Refused):
            return refusing.show(request, exception)
        if isinstance(exception, DatabaseError) and (refusal := refusing.lost_race(exception)):
            return refusing.show(request, refusal)
        return None

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Give the API's own "wrong method" the shape of every other problem."""
        if response.status_code == 405 and request.path.startswith(API):
            told = problem(405, "method_not_allowed", f"{request.method} is not possible here.")
            told["Allow"] = response["Allow"]
            return told
        return response


def _admit(request: HttpRequest, response: HttpResponseBase) -> None:
    token = getattr(request, "token", None)
    if token is not None:
        stream.admit(response, admissions.TOKEN, str(token.pk))
    elif getattr(request, "person", None) is not None:
        stream.admit(response, admissions.SESSION, str(request.session.session_key))


def zone_of(person: Person) -> ZoneInfo:
    """Return the zone a person reads times in: their own, else the organisation's, else UTC."""
    for name in (person.user.time_zone if person.user else "", person.organisation.time_zone):
        if name in known_zones():
            return ZoneInfo(name)
    return ZoneInfo("UTC")


def _people_of(user: User) -> list[Person]:
    people = list(
        Person.objects.filter(user=user, active=True).select_related("organisation").order_by("organisation__name")
    )
    for person in people:
        person.user = user
    return people


def _chosen(people: list[Person], organisation_id: str | None) -> Person:
    return next((each for each in people if str(each.organisation_id) == organisation_id), people[0])


def _as_whole_page(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Lead htmx to the sign-in page as a whole: it would put that page into the middle of this one."""
    if not response["Location"].startswith(str(settings.LOGIN_URL)):
        return response
    here = urlsplit(request.headers.get("HX-Current-URL", "/")).path or "/"
    return HttpResponse(status=204, headers={"HX-Redirect": f"{settings.LOGIN_URL}?{urlencode({'next': here})}"})


def _sign_out(request: HttpRequest) -> HttpResponseBase:
    logout(request)
    return redirect("account_inactive")
