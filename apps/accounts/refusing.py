"""What a refusal looks like: a full page, a fragment for htmx, or a problem document for a program."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.accounts.programs.problems import problem_of
from apps.timeline.answers import Missing, Refused

TITLES = {
    400: "That address cannot be read",
    403: "You may not do that",
    404: "There is no such page",
    409: "That cannot be done now",
    413: "That is too large",
    422: "That cannot be used",
    429: "Too many tries",
}


def show(request: HttpRequest, refusal: Refused) -> HttpResponse:
    """Return the refusal with its status; htmx gets a fragment, everybody else a page."""
    if request.path.startswith("/api/"):
        return problem_of(refusal)
    fragment = request.headers.get("HX-Request") == "true"
    template = "accounts/_refusal.html" if fragment else "accounts/refusal.html"
    title = TITLES.get(refusal.status, HTTPStatus(refusal.status).phrase)
    context = {"refusal": refusal, "title": title, "status": refusal.status}
    return render(request, template, context, status=refusal.status)


def not_found(request: HttpRequest) -> HttpResponse:
    """Return the one answer for whatever is foreign, unknown or gone."""
    return show(request, Missing("It may have been removed, or it belongs to another organisation."))
