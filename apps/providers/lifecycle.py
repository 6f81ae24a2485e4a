"""The life of a connection: connected, checked, its credentials replaced. They are never read back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.accounts.models import Organisation, Person
from apps.providers import entering, events, permissions, sealing
from apps.providers.base import Finding, Provider, ProviderError
from apps.providers.models import Connection
from apps.providers.opening import access, context_of
from apps.timeline.answers import Refused, Unacceptable
from apps.timeline.log import record


@transaction.atomic
def connect(
    organisation: Organisation,
    *,
    by: Any,
    name: str,
    provider: str,
    base_url: str = "",
    settings: Mapping[str, Any] | None = None,
    credentials: Mapping[str, Any] | None = None,
) -> Connection:
    """Store one account at a provider, its credentials sealed. Does not call the provider: `check` does.

    Raises Forbidden, Unacceptable (naming the field) or Refused when the name is taken.
    """
    permissions.may_connect(by).or_refuse()
    wanted = entering.known_provider(provider)
    connection = Connection(
        organisation=organisation,
        created_by_id=by.pk,
        provider=wanted.slug,
        name=entering.checked_name(name),
        base_url=_address(wanted, base_url),
        settings=entering.checked_fields(wanted.settings, settings or {}, "settings"),
    )
    entered = entering.checked_fields(wanted.credentials, credentials or {}, "credentials")
    connection.sealed_credentials = _sealed(connection, entered)
    _insert(connection)
    record(
        events.CREATED,
        connection,
        by=by,
        provider=wanted.name,
        name=connection.name,
        base_url=connection.base_url,
    )
    return connection


def check(connection: Connection, *, by: Any) -> Connection:
    """Ask the provider whether we may sign in and act, and keep its findings; changes nothing outside.

    Not one transaction, because the provider is called in the middle. Raises Forbidden, or Refused when the
    credentials were replaced meanwhile.
    """
    permissions.may_check(by, connection).or_refuse()
    connection = Connection.objects.get(pk=connection.pk)
    return _keep_findings(connection, _ask(connection), by)


@transaction.atomic
def replace_credentials(connection: Connection, *, by: Person, credentials: Mapping[str, Any]) -> Connection:
    """Seal new credentials in place of the old ones; the findings of the old ones no longer count.

    Raises Forbidden or Unacceptable (naming the field).
    """
    connection = Connection.objects.select_for_update().get(pk=connection.pk)
    permissions.may_connect(by).or_refuse()
    fields = entering.known_provider(connection.provider).credentials
    connection.sealed_credentials = _sealed(connection, entering.checked_fields(fields, credentials, "credentials"))
    connection.version += 1
    connection.checked_at, connection.check_ok, connection.findings = None, None, []
    connection.save()
    record(events.CREDENTIALS_REPLACED, connection, by=by, name=connection.name, version=connection.version)
    return connection


def _address(wanted: Provider, base_url: str) -> str:
    checked = entering.checked_base_url(base_url, wanted.address_schemes)
    needed = wanted.address_schemes and wanted.address_required and not wanted.default_base_url
    if needed and not checked:
        raise Unacceptable("This provider has no address of its own: give one.", field="base_url")
    return checked


def _sealed(connection: Connection, credentials: Mapping[str, Any]) -> str:
    try:
        return sealing.seal(dict(credentials), context_of(connection))
    except sealing.KeysMissing as error:
        raise Refused(f"{error} Nothing was saved.", code="keys_missing")


def _insert(connection: Connection) -> None:
    try:
        with transaction.atomic():
            connection.save(force_insert=True)
    except IntegrityError:
        raise Refused(f"There is already a connection called “{connection.name}”. Choose another name.", field="name")


def _ask(connection: Connection) -> list[Finding]:
    try:
        return entering.known_provider(connection.provider).check(access(connection))
    except (ProviderError, sealing.SealBroken, sealing.KeysMissing) as error:
        return [Finding("error", str(error), "connection")]


@transaction.atomic
def _keep_findings(connection: Connection, findings: list[Finding], by: Person) -> Connection:
    fresh = Connection.objects.select_for_update().get(pk=connection.pk)
    if fresh.version != connection.version:
        raise Refused("The credentials were replaced while they were being checked. Check again.")
    fresh.findings = [{"level": f.level, "message": f.message, "code": f.code} for f in findings]
    fresh.check_ok = not any(finding.level == "error" for finding in findings)
    fresh.checked_at = timezone.now()
    fresh.save(update_fields=["findings", "check_ok", "checked_at"])
    record(events.CHECKED, fresh, by=by, name=fresh.name, result=_result(findings))
    return fresh


def _result(findings: list[Finding]) -> str:
    wrong = [finding.message for finding in findings if finding.level == "error"]
    if wrong:
        return f"it cannot be used ({wrong[0].rstrip('.')})"
    warnings = sum(finding.level == "warning" for finding in findings)
    return "it can be used" + (f", with {warnings} to look at" if warnings else "")
