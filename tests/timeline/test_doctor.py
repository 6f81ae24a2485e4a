"""What `doctor` says of the record: anchored, not anchored, rewritten, verified, handed on or not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from apps.accounts.models import Organisation
from apps.timeline import anchoring, checking, handing_on
from apps.timeline.anchoring import anchor_due
from rollback_portal import doctoring
from tests.timeline import forging


def found() -> dict[str, str]:
    """Return what doctor says, by sentence."""
    return {finding.text: finding.level for finding in doctoring.examine()}


def level_of(words: str) -> str | None:
    return next((level for text, level in found().items() if words in text), None)


def test_an_anchored_record_is_said_to_be(told: Organisation) -> None:
    anchor_due()
    assert level_of("The record is anchored in") == doctoring.OK


def test_what_was_not_anchored_in_time_is_a_warning(told: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    assert level_of("is not anchored in") is None
    monkeypatch.setattr(doctoring, "ANCHORED_WITHIN_SECONDS", 0)
    assert level_of("is not anchored in") == doctoring.WARNING
    anchor_due()
    assert anchoring.waiting_since() is None
    assert level_of("is not anchored in") is None


def test_a_rewritten_record_is_an_error_at_once(told: Organisation) -> None:
    anchor_due()
    forging.rewrite(told, 3, "nothing happened")
    assert level_of("as it was anchored at") == doctoring.ERROR


def test_the_daily_check_is_told(told: Organisation, settings: Any) -> None:
    checking.check_daily()
    assert level_of("The record was whole at") == doctoring.OK
    anchor_due()
    forging.cut_short(told, 5)
    assert level_of("The record was whole at") == doctoring.OK
    settings.ANCHOR_FOLDER.joinpath("self-check.json").unlink()
    checking.check_daily()
    assert level_of("The newest records are missing") == doctoring.ERROR


def test_the_check_comes_again_after_a_day(told: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    assert checking.check_daily()
    monkeypatch.setattr(checking, "EVERY", timedelta(0))
    assert checking.check_daily()


def test_a_webhook_that_takes_nothing_is_a_warning(told: Organisation, settings: Any) -> None:
    def refuse(url: str, line: bytes) -> None:
        raise handing_on.NotTaken("Webhook example.com answered 500.")

    settings.ANCHOR_WEBHOOKS = ["https://example.com/secret"]
    anchor_due()
    handing_on.hand_on(refuse)
    assert level_of("Webhook example.com answered 500. It is tried again.") == doctoring.WARNING
    assert "secret" not in "".join(found())
    handing_on.hand_on(lambda url, line: None)
    assert level_of("example.com took the newest anchors") == doctoring.OK
