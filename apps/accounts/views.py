"""People, their roles, one's own profile."""

from django.http import HttpRequest, HttpResponse


def list_people(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def show_profile(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def switch_organisation(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def show_person(request: HttpRequest, person_id: str) -> HttpResponse:
    return HttpResponse()
