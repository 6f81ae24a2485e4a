"""Answer a deploy pipeline: may this version go out now? Reads only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from apps.deployments import redeploying
from apps.deployments.models import Environment, Freeze, Service
from apps.deployments.plans import has_plan
from apps.deployments.switches import scope_in_words


@dataclass(frozen=True)
class Verdict:
    """Whether a release may go out; every reason against it is a sentence."""

    passes: bool
    reasons: tuple[str, ...]


def gate(service: Service, environment: Environment, version: str) -> Verdict:
    """Say whether `version` may be deployed, with every reason why not."""
    reasons = tuple(reason for check in CHECKS for reason in check(service, environment, version))
    return Verdict(not reasons, reasons)


def releases_are_allowed(service: Service, environment: Environment, version: str) -> list[str]:
    """No freeze stops deployments here."""
    found = Freeze.objects.active().covering(environment).filter(stops="deployments").order_by("pk")
    return [
        f"Releases of {scope_in_words(freeze)} are stopped since "
        f"{freeze.created_at:%Y-%m-%d %H:%M} UTC: {freeze.reason}"
        for freeze in found.select_related("service", "environment__service")
    ]


def its_root_cause_is_agreed_on(service: Service, environment: Environment, version: str) -> list[str]:
    """After a rollback a version goes out again only with a fresh agreement (S3-50)."""
    held = redeploying.why_not(environment, version)
    return [held] if held else []


def there_is_a_way_back(service: Service, environment: Environment, version: str) -> list[str]:
    """Every release has a plan for going back before it goes out (S3-01)."""
    deployment = environment.deployments.filter(version=version).order_by("-deployed_at").first()
    if has_plan(environment, deployment):
        return []
    return [
        f"There is no plan for taking {version} of {service.name} back: name a published playbook when the "
        f"deployment is registered, or publish one that fits {environment.name}."
    ]


Check = Callable[[Service, Environment, str], list[str]]
CHECKS: tuple[Check, ...] = (releases_are_allowed, its_root_cause_is_agreed_on, there_is_a_way_back)
