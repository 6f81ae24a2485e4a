"""Pages about what runs: services, one service, and the forms that add to it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.requests import Request
from apps.accounts.seeing import sight_of
from apps.deployments import lifecycle, permissions
from apps.deployments.forms import (
    ChangedEnvironmentForm,
    DeploymentForm,
    EnvironmentForm,
    ServiceForm,
    VerdictForm,
)
from apps.deployments.hosted import ask_host
from apps.deployments.models import Deployment, Environment, Service
from apps.deployments.overview import in_production
from apps.deployments.probing import probe_targets
from apps.deployments.showing import shown_environments
from apps.timeline.answers import Unacceptable

PATIENCE_SECONDS = 5.0  # for somebody who asked the host by pressing a button


@require_GET
def list_services(request: Request) -> HttpResponse:
    """Show what is in production."""
    lines = in_production(request.organisation, sight_of(request.person))
    context = {
        "lines": lines,
        "others": Service.objects.visible_to(request.person).exclude(pk__in=[one.service.pk for one in lines]),
        "may_describe": permissions.may_describe(request.person),
        "may_see_inside": permissions.may_see_freezes(request.person),
    }
    return render(request, "deployments/services.html", context)


@require_http_methods(["GET", "POST"])
def create_service(request: Request) -> HttpResponse:
    """Add a service; its environment comes next."""
    permissions.may_describe(request.person).or_refuse()
    form = ServiceForm(request.POST or None)
    if form.is_valid() and (service := form.create(request.organisation, request.person)):
        return redirect("deployments:create_environment", service.slug)
    return _form(request, "deployments/new_service.html", form)


@require_GET
def show_service(request: Request, slug: str) -> HttpResponse:
    """Show one service: what is live in each environment, what holds it, its history."""
    service = _service(request, slug)
    context = {
        "service": service,
        "shown": shown_environments(service, sight_of(request.person)),
        "may_describe": permissions.may_describe(request.person),
        "may_register": permissions.may_register(request.person, service),
        "may_see_inside": permissions.may_see_freezes(request.person),
    }
    return render(request, "deployments/service.html", context)


@require_http_methods(["GET", "POST"])
def create_environment(request: Request, slug: str) -> HttpResponse:
    """Add an environment to a service."""
    permissions.may_describe(request.person).or_refuse()
    service = _service(request, slug)
    form = EnvironmentForm(request.organisation, request.POST or None)
    if form.is_valid() and form.create(service, request.person):
        return redirect("deployments:service", service.slug)
    return _form(request, "deployments/new_environment.html", form, service=service)


@require_http_methods(["GET", "POST"])
def change_environment(request: Request, slug: str, name: str) -> HttpResponse:
    """Change the address and the connections of an environment."""
    permissions.may_describe(request.person).or_refuse()
    environment = _environment(request, slug, name)
    form = ChangedEnvironmentForm(environment, request.POST or None)
    if form.is_valid() and form.change(environment, request.person):
        return redirect("deployments:service", slug)
    context = {"service": environment.service, "environment": environment}
    return _form(request, "deployments/change_environment.html", form, **context)


@require_http_methods(["GET", "POST"])
def create_deployment(request: Request, slug: str, name: str) -> HttpResponse:
    """Register a deployment by hand; what the host has and nobody registered is offered."""
    environment = _environment(request, slug, name)
    permissions.may_register(request.person, environment).or_refuse()
    form = DeploymentForm(request.POST or None, initial=request.GET.dict())
    if form.is_valid() and form.register(environment, request.person):
        return redirect("deployments:service", slug)
    context = {"service": environment.service, "environment": environment, "offered": _offered(environment)}
    return _form(request, "deployments/new_deployment.html", form, **context)


@require_POST
def create_verdict(request: Request, slug: str, name: str, deployment_id: str) -> HttpResponse:
    """Mark a deployment as good, or as unfit to go back to."""
    environment = _environment(request, slug, name)
    deployment = get_object_or_404(Deployment, environment=environment, pk=deployment_id)
    form = VerdictForm(request.POST)
    if not form.is_valid():
        raise Unacceptable("Give a reason. Nothing was changed.", field="reason")
    judge = lifecycle.mark_good if form.cleaned_data["good"] == "yes" else lifecycle.mark_unfit
    judge(deployment, by=request.person, reason=form.cleaned_data["reason"])
    return redirect("deployments:service", slug)


@require_POST
def create_look(request: Request, slug: str, name: str) -> HttpResponse:
    """Ask the host now whether the targets can still be served."""
    environment = _environment(request, slug, name)
    permissions.may_register(request.person, environment).or_refuse()
    said = probe_targets(environment, within_seconds=PATIENCE_SECONDS)
    if said and said.problem:
        messages.warning(request, said.problem)
    return redirect("deployments:service", slug)


def _service(request: Request, slug: str) -> Service:
    return get_object_or_404(Service.objects.visible_to(request.person), slug=slug)


def _environment(request: Request, slug: str, name: str) -> Environment:
    rows = Environment.objects.visible_to(request.person).select_related("service", "live")
    return get_object_or_404(rows.prefetch_related("connections__connection"), service__slug=slug, name=name)


def _offered(environment: Environment) -> list[Any]:
    """Return what the host lists and nobody has registered, newest first."""
    said = ask_host(environment)
    if said is None:
        return []
    known = set(environment.deployments.values_list("reference", flat=True))
    return [one for reference, one in said.listed.items() if reference not in known][:10]


def _form(request: Request, template: str, form: Any, **context: Any) -> HttpResponse:
    status = 422 if form.is_bound else 200
    return render(request, template, {"form": form, **context}, status=status)
