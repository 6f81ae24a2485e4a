"""A secret of its own in every credential, everything that can be done with it, and nobody ever told it (row 57)."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from celery.signals import before_task_publish
from django.db import connection as database

from apps.providers import lifecycle, opening, registry
from apps.providers.base import Access, Call, Observation, Provider, Seen, Sending
from apps.providers.models import Connection
from apps.providers.redaction import redact, secrets_in
from apps.providers.simulation import Simulators
from apps.rollbacks import waking
from apps.rollbacks.models import Rollback
from apps.timeline.log import SYSTEM
from tests.playbooks.conftest import browser, program
from tests.providers.cast import ASKS, USES
from tests.providers.conftest import connect, log, sending, this_machine
from tests.rollbacks.conftest import PLAYBOOK, Stage, stage

__all__ = ["connect", "log", "sending", "stage", "this_machine"]

QUESTION = """
  - name: The flags are off
    check: {use: flags.flag_state, with: {flags: [new-share-links], state: "off"}}
"""
NOWHERE = "http://127.0.0.1:9"


def canary(slug: str, name: str) -> str:
    """Return a text that stands nowhere else, with characters that are written differently in different places."""
    return f"canary-{slug}-{name}-Zx81/Qp+77~never-shown"


def planted(provider: Provider) -> dict[str, Any]:
    """Return a canary for every credential that the provider declares."""
    found: dict[str, Any] = {}
    for field in provider.credentials:
        text = canary(provider.slug, field.name)
        found[field.name] = {"Authorization": f"Bearer {text}"} if field.kind == "json" else text
    return found


def assert_untold(text: str, credentials: Mapping[str, Any], where: str) -> None:
    """Fail where any secret of the credentials stands in `text`, in whatever form it could be written."""
    secrets = [secret for secret in secrets_in(credentials) if len(secret) >= 12]
    for line in text.splitlines():
        assert redact(line, secrets) == line, f"{where} tells a credential: {redact(line, secrets)[:500]}"


def said_by(ask: Callable[[], Any]) -> str:
    """Return everything that one question to an adapter says, or how it failed."""
    try:
        return repr(ask())
    except Exception:
        return traceback.format_exc()


def everything(provider: Provider, access: Access, sending: Sending) -> Iterator[str]:
    """Do everything that the provider offers, and yield what it says."""
    yield said_by(lambda: provider.check(access))
    for use in USES:
        if use.slug == provider.slug:
            yield from _acted(provider, access, use.call, sending)
    for one in ASKS:
        if one.slug == provider.slug:
            yield said_by(lambda call=one.call: provider.examine(access, call))


def _acted(provider: Provider, access: Access, call: Call, sending: Sending) -> Iterator[str]:
    nothing = Observation(Seen.UNREADABLE, "")
    yield said_by(lambda: provider.problems(call))
    yield said_by(lambda: provider.airlock(access, call))
    yield said_by(lambda: provider.observe(access, call, sending))
    yield said_by(lambda: provider.apply(access, call, sending))
    yield said_by(lambda: provider.verify(access, call, sending))
    yield said_by(lambda: provider.inverse_of(call, nothing))
    yield said_by(lambda: (provider.what_stays(call), provider.link(access, call)))


@pytest.mark.parametrize("form", [str, lambda text: text.encode().hex(), lambda text: quote(text, safe=""), json.dumps])
def test_a_canary_that_is_told_is_found(form: Callable[[str], str]) -> None:
    known = {"token": canary("any", "token")}
    assert_untold("a rollback of the portal", known, "nobody")
    with pytest.raises(AssertionError, match="somebody tells a credential"):
        assert_untold(f"first line\nbefore {form(known['token'])} after", known, "somebody")


@pytest.mark.parametrize("slug", registry.BUILT_IN)
def test_no_adapter_tells_the_credentials_it_works_with(
    slug: str, simulators: Simulators, connect: Any, sending: Sending, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    if slug not in simulators.describe():
        pytest.skip("it has no simulator; that it tells nothing of what is refused is tried below")
    caplog.set_level(logging.DEBUG)
    provider, access = registry.provider(slug), connect(slug)
    told = "\n".join(everything(provider, access, replace(sending, deadline_seconds=5)))
    assert log or not provider.actions, "something was really asked"
    assert_untold("\n".join([told, *log, caplog.text]), access.credentials, provider.name)


@pytest.mark.parametrize("slug", registry.BUILT_IN)
def test_no_adapter_tells_credentials_that_are_refused(
    slug: str, simulators: Simulators, this_machine: None, sending: Sending, log: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG)
    provider, about = registry.provider(slug), simulators.describe().get(slug, {})
    address = simulators.address(slug) if about else NOWHERE
    access = Access(address, about.get("settings", {}), planted(provider))
    assert all(field.name in access.credentials for field in provider.credentials)
    told = "\n".join(everything(provider, access, replace(sending, deadline_seconds=5)))
    assert_untold("\n".join([told, *log, caplog.text]), access.credentials, provider.name)


@pytest.fixture
def published() -> Iterator[list[str]]:
    """Collect every message to the broker, with its headers."""
    sent: list[str] = []

    def keep(body: Any = None, headers: Any = None, **more: Any) -> None:
        sent.append(repr((body, headers, more.get("properties"))))

    before_task_publish.connect(keep, weak=False)
    yield sent
    before_task_publish.disconnect(keep)


def test_a_whole_rollback_tells_no_credential_anywhere(
    stage: Stage, published: list[str], caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    credentials = plant_webhook_secrets(stage)
    good = stage.run(stage.approve(stage.propose(PLAYBOOK + QUESTION)))
    assert good.state == "succeeded", [(step.state, step.message) for step in good.steps.all()]
    assert_untold_everywhere(stage, good, credentials, published, caplog.text)
    out, err = capfd.readouterr()
    assert_untold(out + err, credentials, "the output of the process")


def test_a_provider_that_sends_credentials_back_spreads_none_of_them(
    stage: Stage, published: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    credentials = plant_webhook_secrets(stage)
    bad = stage.approve(stage.propose(PLAYBOOK))
    for slug, known in credentials.items():
        echoed = " and ".join(secrets_in(known))
        body = f'{{"error": {{"message": "bad {echoed}"}}, "message": "bad {echoed}"}}'
        stage.outside.fault("status", slug=slug, status=400, body=body, times=9)
    bad = stage.run(bad)
    assert bad.state in {"failed", "needs_operator"}
    assert any("bad" in step.message for step in bad.steps.all()), "what it said is told, without the secret"
    assert_untold_everywhere(stage, bad, credentials, published, caplog.text)


def plant_webhook_secrets(stage: Stage) -> dict[str, Any]:
    """Give every connection the webhook secret it can have; return all credentials by provider."""
    found = {}
    for connected in Connection.objects.filter(organisation=stage.organisation):
        provider, known = registry.provider(connected.provider), dict(opening.access(connected).credentials)
        optional = [field.name for field in provider.credentials if field.name not in known and field.kind == "text"]
        known |= {name: canary(provider.slug, name) for name in optional if "secret" in name}
        lifecycle.replace_credentials(connected, by=SYSTEM, credentials=known)
        found[provider.slug] = known
    assert len(found) == 5
    return found


def assert_untold_everywhere(
    stage: Stage, run: Rollback, credentials: dict[str, Any], published: list[str], logged: str
) -> None:
    """Look at every row of every table, every page and operation about the run, the broker and the log."""
    waking._messenger.submit(lambda: None).result()
    assert published, "hints were sent"
    assert_untold("\n".join(published), credentials, "a message to the broker")
    assert_untold(logged, credentials, "the log")
    for table, text in _tables():
        assert_untold(text, credentials, f"the table {table}")
    for address, text in _pages(stage, run):
        assert_untold(text, credentials, address)


def _tables() -> Iterator[tuple[str, str]]:
    with database.cursor() as cursor:
        for table in database.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            yield table, "\n".join(row[0] for row in cursor.fetchall())


def _pages(stage: Stage, run: Rollback) -> Iterator[tuple[str, str]]:
    reader, reading, at = browser(stage.ava), program(stage.rae), f"/rollbacks/{run.pk}"
    connections = [f"/connections/{one.pk}/" for one in Connection.objects.all()]
    own = [f"{at}/{each}" for each in ("", "plan/", "progress/", "deeds/", "changes/", "steps/1/")]
    pages = [*own, "/rollbacks/log/", f"/incidents/{run.incident_id}/", "/connections/", *connections]
    operations = ["/rollbacks", f"{at}", f"{at}/steps/1", "/connections", "/providers", f"/incidents/{run.incident_id}"]
    for client, addresses in ((reader, pages), (reading, [f"/api/v1{each}" for each in operations])):
        for address in addresses:
            answer = client.get(address)
            assert answer.status_code == 200, (address, answer.status_code)
            yield address, f"{answer.headers}\n{answer.content.decode()}"
