"""The root of the API for programs: one way in, one shape of errors, and every app's router."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError, DataError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.parser import Parser

from apps.accounts import programs, refusing
from apps.accounts.access_api import router as access
from apps.accounts.api import router as accounts
from apps.accounts.requests import Request
from apps.accounts.role_api import router as roles
from apps.approvals.api import router as approvals
from apps.approvals.break_glass_api import router as break_glass
from apps.approvals.debt_api import router as debts
from apps.approvals.rule_api import router as rules
from apps.checklists.api import router as checklists
from apps.communications.api import router as communications
from apps.deployments.api import router as deployments
from apps.incidents.api import router as incidents
from apps.playbooks.api import router as playbooks
from apps.providers.api import router as providers
from apps.rollbacks.api import router as rollbacks
from apps.rollbacks.step_api import router as steps
from apps.timeline.answers import Missing, Refused, Unacceptable
from apps.timeline.api import router as timeline
from rollback_portal.api_description import describe

NO_BODY_LARGER = "The body is larger than 1 MB. Nothing was changed."


class StrictParser(Parser):
    """Reads JSON the way `programs.read_json` allows it."""

    def parse_body(self, request: HttpRequest) -> Any:
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise programs.Encoded("Send the body as it is, without Content-Encoding. Nothing was changed.")
        return programs.read_json(request.body)


class PortalAPI(NinjaAPI):
    """Django-ninja with our description of errors and repeats."""

    def get_openapi_operation_id(self, operation: Any) -> str:
        """Return the view's own name; a test sees to it that there are no two alike."""
        return str(operation.view_func.__name__)

    def get_openapi_schema(self, *args: Any, **kwargs: Any) -> Any:
        """Return the OpenAPI document, completed by what every operation shares."""
        return describe(super().get_openapi_schema(*args, **kwargs), self)


api = PortalAPI(
    title="Rollback Portal",
    version="1",
    urls_namespace="api",
    docs_url=None,
    auth=programs.Bearer(),
    parser=StrictParser(),
)


def name_parameters(run: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Tell the request which query parameters its operation declares; the bearer refuses every other."""
    operation: Any = run.__self__  # type: ignore[attr-defined]
    queries = [model for model in operation.models if model.__ninja_param_source__ == "query"]
    declared = frozenset(name for model in queries for name in getattr(model, "__ninja_flatten_map__", {}))

    @functools.wraps(run)
    def named(request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        request.declared_parameters = declared
        return run(request, *args, **kwargs)

    return named


api.default_router.add_decorator(name_parameters, mode="view")
for router in (
    accounts,
    access,
    roles,
    providers,
    deployments,
    approvals,
    break_glass,
    debts,
    rules,
    playbooks,
    incidents,
    checklists,
    rollbacks,
    steps,
    communications,
    timeline,
):
    api.add_router("", router)


@api.exception_handler(Refused)
def refused(request: HttpRequest, refusal: Refused) -> HttpResponse:
    """Tell a refusal of our own, and keep it where a person lacked a right."""
    refusing.keep(request, refusal)
    return programs.problem_of(refusal)


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, problem: ValidationError) -> HttpResponse:
    """Name the fields that cannot be used; an unreadable id in the path is an id that is not here."""
    if any(error["loc"][0] == "path" for error in problem.errors):
        return programs.problem_of(Missing("There is no such thing here."))
    faults = [{"field": _field(error["loc"]), "message": error["msg"]} for error in problem.errors]
    first = faults[0]
    detail = f"{first['field']}: {first['message']}" if first["field"] else str(first["message"])
    return programs.problem(422, "invalid", detail, field=first["field"], errors=faults)


def _field(place: tuple[Any, ...]) -> str:
    """Return the dotted name: ("body", "<argument>", "settings", "token") → "settings.token"."""
    parts = place[2:] if place[0] in {"body", "query"} and len(place) > 2 else place[1:]
    return ".".join(str(part) for part in parts)


@api.exception_handler(HttpError)
def unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Tell what the strict parser found; ninja wraps it."""
    if isinstance(error.__cause__, Refused):
        return programs.problem_of(error.__cause__)
    return programs.problem(error.status_code, "invalid", error.message)


@api.exception_handler(RequestDataTooBig)
def too_large(request: HttpRequest, error: Exception) -> HttpResponse:
    """Refuse a body above DATA_UPLOAD_MAX_MEMORY_SIZE."""
    return programs.problem_of(programs.TooLarge(NO_BODY_LARGER))


@api.exception_handler(DatabaseError)
def raced(request: HttpRequest, error: Exception) -> HttpResponse:
    """Tell a lost race; every other error of the database is ours, and ends as a 500."""
    if refusal := refusing.lost_race(error):
        return programs.problem_of(refusal)
    raise error


@api.exception_handler(DataError)
def unstorable(request: HttpRequest, error: Exception) -> HttpResponse:
    """The last net: a number or text that passed every form and that Postgres still cannot hold."""
    return programs.problem_of(
        Unacceptable("A value is too long, too large, or cannot be stored. Nothing was changed.")
    )


@api.exception_handler(Http404)
def not_here(request: HttpRequest, error: Exception) -> HttpResponse:
    """Tell Django's own kind of missing the same way."""
    return programs.problem_of(Missing("There is no such thing here."))


def open_addresses() -> tuple[Any, str, str]:
    """Return the API's addresses, let through by the pages' sign-in wall: here tokens are asked for."""
    patterns, app_name, namespace = api.urls
    for pattern in patterns:
        view: Any = pattern.callback
        pattern.callback = login_not_required(view)
    return patterns, app_name, namespace
