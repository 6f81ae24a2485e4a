"""How answers become outcomes, and how long a provider may make us wait."""

import pytest

from apps.providers.base import OutcomeKind
from apps.providers.endings import dig, outcome_of, quoted, retry_after_seconds
from apps.providers.http import Answer

NOW = 1_763_600_000.0  # Thu, 20 Nov 2025 00:53:20 GMT


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7),
        ({"retry-after": "0"}, 0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "999999"}, 300),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Thu, 20 Nov 2025 00:53:30 GMT"}, 10),
        ({"retry-after": "Thu, 20 Nov 2025 00:53:10 GMT"}, 0),
        ({"retry-after": "Fri, 20 Nov 2099 00:53:10 GMT"}, 300),
        ({"x-ratelimit-reset": "1763600012"}, 12),
        ({"x-ratelimit-reset": "1763600004000"}, 4),
        ({"ratelimit-reset": "9"}, 9),
        ({"x-sentry-rate-limit-reset": "1763600021"}, 21),
        ({"retry-after": "2", "x-ratelimit-reset": "1763600012"}, 2),
        ({"x-ratelimit-reset": "nan"}, None),
        ({"x-ratelimit-reset": "9" * 400}, None),
    ],
)
def test_the_wait_that_a_provider_asks_for(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_seconds(headers, NOW) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((status, OutcomeKind.REJECTED) for status in (400, 401, 402, 403, 404, 405, 410, 413, 418, 422, 451)),
        *((status, OutcomeKind.REJECTED) for status in (307, 308)),
        *((status, OutcomeKind.RETRY_LATER) for status in (423, 425, 429)),
        *((status, OutcomeKind.AMBIGUOUS) for status in (408, 409, 500, 501, 502, 503, 504, 507, 520, 599)),
        *((status, OutcomeKind.AMBIGUOUS) for status in (301, 302, 303, 304, 299)),
    ],
)
def test_each_status_has_one_meaning(status: int, kind: OutcomeKind) -> None:
    outcome = outcome_of(Answer("Example", status, {"retry-after": "3"}, b"", 0.1), "do it", "no")
    assert outcome.kind is kind
    assert outcome.status == status or kind is OutcomeKind.REJECTED
    assert "Example answered" in outcome.message
    assert ("othing was changed" in outcome.message) == (kind is not OutcomeKind.AMBIGUOUS)


def test_a_providers_text_is_cut_to_one_plain_line() -> None:
    assert quoted("a\r\n\x1b[31mb\x00 c\u2028d") == "a [31mb c d"
    assert len(quoted("x" * 5000)) == 200
    assert quoted(None) == ""


def test_digging_ends_quietly_where_the_way_ends() -> None:
    assert dig({"a": [{"b": 1}]}, "a", 0, "b") == 1
    assert dig({"a": [{"b": 1}]}, "a", 5, "b") is None
    assert dig([1], "a") is None
    assert dig(None, "a") is None
