"""Pages of rules: what they say and where they disagree, making and changing them, and who could agree to what."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.accounts import programs
from apps.accounts.asking import refuse_into
from apps.accounts.permissions import may, may_somewhere
from apps.accounts.reauthentication import require_fresh, take_pending
from apps.accounts.requests import Request
from apps.accounts.rights import ADMINISTER, SEE_INTERNAL
from apps.accounts.seeing import seen_by
from apps.approvals import rule_lifecycle
from apps.approvals.authority import preview, read_wanted
from apps.approvals.models import Rule
from apps.approvals.overlapping import overlaps
from apps.approvals.permissions import role_names
from apps.approvals.rule_forms import AuthorityForm, RuleForm, initial_of
from apps.approvals.rule_places import environments_seen_by
from apps.approvals.rule_words import when
from apps.approvals.rules import sentence

ROWS = Rule.objects.filter(active=True).select_related("organisation", "service", "environment__service")


@require_GET
def list_rules(request: Request) -> HttpResponse:
    """Show every rule, and which of them answer differently."""
    may_somewhere(request.person, SEE_INTERNAL).or_refuse()
    rules = list(seen_by(ROWS, request.person))
    names = role_names(request.organisation.pk)
    found = overlaps(rules)
    disputed = {rule.pk for overlap in found for rule in (overlap.one, overlap.other)}
    context = {
        "rules": [_line(rule, names, rule.pk in disputed) for rule in rules],
        "overlaps": found,
        "retired": seen_by(Rule.objects.filter(active=False), request.person),
        "may_administer": may(request.person, ADMINISTER),
    }
    return render(request, "approvals/rules.html", context)


@require_GET
def new_rule(request: Request) -> HttpResponse:
    """Show an empty rule, or what was filled in before the password was asked for."""
    may(request.person, ADMINISTER).or_refuse()
    kept = take_pending(request, reverse("rules:create"))
    return _edit(request, RuleForm(request.organisation, kept))


@require_POST
def create_rule(request: Request) -> HttpResponse:
    """Make a rule."""
    may(request.person, ADMINISTER).or_refuse()
    require_fresh(request, back=reverse("rules:new"))
    form = RuleForm(request.organisation, request.POST)
    if form.is_valid():
        with refuse_into(form):
            rule = rule_lifecycle.make_rule(request.organisation, by=request.person, said=form.said())
            return _done(request, f"The rule “{rule.name}” holds from now on.")
    return _edit(request, form, status=422)


@require_GET
def show_rule(request: Request, pk: UUID) -> HttpResponse:
    """Show a rule as a form that can be changed."""
    may(request.person, ADMINISTER).or_refuse()
    rule = programs.find(ROWS, request, pk=pk)
    kept = take_pending(request, reverse("rules:change", args=[rule.pk]))
    return _edit(request, RuleForm(request.organisation, kept, initial=initial_of(rule)), rule)


@require_POST
def create_change(request: Request, pk: UUID) -> HttpResponse:
    """Change a rule."""
    may(request.person, ADMINISTER).or_refuse()
    rule = programs.find(ROWS, request, pk=pk)
    require_fresh(request, back=reverse("rules:rule", args=[rule.pk]))
    form = RuleForm(request.organisation, request.POST)
    if form.is_valid():
        with refuse_into(form):
            rule = rule_lifecycle.change_rule(rule, by=request.person, said=form.said())
            return _done(request, f"The rule “{rule.name}” is changed, and holds from now on.")
    return _edit(request, form, rule, status=422)


@require_POST
def create_retirement(request: Request, pk: UUID) -> HttpResponse:
    """End a rule."""
    may(request.person, ADMINISTER).or_refuse()
    rule = programs.find(ROWS, request, pk=pk)
    require_fresh(request, back=reverse("rules:rule", args=[rule.pk]))
    rule_lifecycle.retire_rule(rule, by=request.person)
    return _done(request, f"The rule “{rule.name}” decides nothing any more.")


@require_GET
def authority(request: Request) -> HttpResponse:
    """Show who could agree to something, and whether they can be reached."""
    may_somewhere(request.person, SEE_INTERNAL).or_refuse()
    environments = environments_seen_by(request.person)
    usual = _usual(environments)
    form = AuthorityForm(request.person, environments, _asked(request, usual), initial=usual)
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        here = {str(each.pk): each for each in environments}
        wanted = read_wanted(request.organisation, form.cleaned_data, here.get(form.cleaned_data["environment"]))
        shown = preview(request.organisation, wanted)
        context |= {"authority": shown, "wanted": wanted, "asker_blocks": request.person in shown.blocks}
    return render(request, "approvals/authority.html", context, status=422 if form.is_bound and form.errors else 200)


def _usual(environments: list[Any]) -> dict[str, Any]:
    """Return what most people ask first: a P1 in the first production there is."""
    production = [each for each in environments if each.kind == "production"]
    return {
        "kind": "rollback.start",
        "severity": "P1",
        "environment": str(production[0].pk) if production else "",
    }


def _asked(request: Request, usual: dict[str, Any]) -> QueryDict | None:
    """Return what the address asks about, completed by what is usual; None where it asks nothing."""
    if not request.GET:
        return None
    asked = request.GET.copy()
    for name in ("kind", "severity"):
        asked.setdefault(name, usual[name])
    return asked


def _line(rule: Rule, names: dict[str, str], disputed: bool) -> dict[str, Any]:
    told = [names.get(role, role) for role in rule.told_after]
    return {"rule": rule, "when": when(rule), "who": sentence(rule.demand, names), "told": told, "disputed": disputed}


def _edit(request: Request, form: RuleForm, rule: Rule | None = None, status: int = 200) -> HttpResponse:
    return render(request, "approvals/rule.html", {"form": form, "rule": rule}, status=status)


def _done(request: Request, sentence: str) -> HttpResponse:
    messages.success(request, sentence)
    return redirect("rules:rules")
