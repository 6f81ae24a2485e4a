"""The page about deploying again after a rollback: what holds releases back, what was asked, and asking."""

from __future__ import annotations

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from apps.accounts.models import Person
from apps.accounts.requests import Request
from apps.approvals.models import Question
from apps.deployments import permissions, redeploying
from apps.deployments.models import Environment
from apps.deployments.production import open_pin
from apps.providers.forms import attempt


class RedeploymentForm(forms.Form):
    """Which version, what broke, and what was done about it."""

    version = forms.CharField(max_length=100)
    root_cause = forms.CharField(
        max_length=2000, widget=forms.Textarea({"rows": 3}), help_text="What made the rollback necessary."
    )
    evidence = forms.CharField(
        label="What was changed and tested",
        max_length=2000,
        widget=forms.Textarea({"rows": 3}),
        help_text="The fix, and the tests that were added: links, numbers.",
    )

    def ask(self, environment: Environment, by: Person) -> Question | None:
        """Ask, or return None with the errors in the form."""
        return attempt(self, lambda: redeploying.ask_to_redeploy(environment, by=by, **self.cleaned_data))


@require_http_methods(["GET", "POST"])
def redeployments(request: Request, slug: str, name: str) -> HttpResponse:
    """Show what holds the next release back; a POST asks others to let one version out."""
    permissions.may_see_freezes(request.person).or_refuse()
    rows = Environment.objects.visible_to(request.person).select_related("service", "live")
    environment = get_object_or_404(rows, service__slug=slug, name=name)
    form = RedeploymentForm(request.POST or None)
    if form.is_valid() and form.ask(environment, request.person):
        return redirect("deployments:redeployments", slug, name)
    context = {
        "environment": environment,
        "service": environment.service,
        "pin": open_pin(environment),
        "asked": [{"question": question, **told} for question, told in redeploying.asked_about(environment)],
        "may_ask": permissions.may_register(request.person, environment),
        "form": form,
    }
    return render(request, "deployments/redeployments.html", context, status=422 if form.is_bound else 200)
