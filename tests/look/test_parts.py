"""The tags of the templates: words, times, marks, bars and charts, without a browser."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.template import engines
from django.utils import timezone

from rollback_portal.templatetags import bars, charts, marks, times, words

NOW = datetime(2026, 8, 18, 4, 14, 48, tzinfo=UTC)


@pytest.fixture(autouse=True)
def sydney() -> object:
    with timezone.override("Australia/Sydney"), time_machine.travel(NOW, tick=False):
        yield


def render(template: str, **context: object) -> str:
    return str(engines["django"].from_string(template).render(context))


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (0.4, "0.4 s"),
        (7, "7 s"),
        (125, "2 min 05 s"),
        (1440, "24 min"),
        (10_140, "2 h 49 min"),
        (3600, "1 h"),
        (345_600, "4 days"),
        (None, "–"),
    ],
)
def test_a_duration_reads_like_speech(seconds: object, said: str) -> None:
    assert words.duration(seconds) == said


def test_a_duration_may_be_a_timedelta_and_never_runs_below_zero() -> None:
    assert words.duration(timedelta(seconds=70)) == "1 min 10 s"
    assert words.duration(timedelta(seconds=-3)) == "0 s"


@pytest.mark.parametrize(("seconds", "said"), [(168, "2:48"), (0, "0:00"), (3768, "1:02:48"), (-5, "0:00")])
def test_a_clock_has_two_digits_of_seconds(seconds: int, said: str) -> None:
    assert words.clock(seconds) == said


@pytest.mark.parametrize(
    ("style", "said"),
    [
        ("time", "14:02 AEST"),
        ("short", "14:02"),
        ("seconds", "14:02:00"),
        ("age", "12 min ago"),
        ("old", "12 min"),
        ("both", "14:02 AEST (12 min ago)"),
        ("full", "18 Aug 2026, 14:02:00 AEST"),
        ("day", "18 Aug 2026"),
    ],
)
def test_an_instant_is_written_in_the_viewers_zone(style: str, said: str) -> None:
    assert times.wording(NOW - timedelta(minutes=12, seconds=48), style, NOW) == said


def test_another_day_is_named() -> None:
    assert times.wording(NOW - timedelta(days=1), "time", NOW) == "17 Aug, 14:14 AEST"
    assert times.wording(NOW - timedelta(days=400), "short", NOW).startswith("14 Jul 2025, ")


def test_an_instant_to_come_is_in_not_ago() -> None:
    assert times.wording(NOW + timedelta(minutes=11), "age", NOW) == "in 11 min"


def test_an_instant_carries_its_machine_form_so_that_the_browser_can_move_it() -> None:
    assert (
        render("{% at moment %}", moment=NOW)
        == '<relative-time datetime="2026-08-18T04:14:48Z" data-style="time">14:14 AEST</relative-time>'
    )
    assert render("{% at moment %}", moment=None) == "–"


def test_characters_that_hide_or_reorder_are_spelled_out() -> None:
    assert words.visible("v2.30\u202e4\u0000\u200b\tok\n") == "v2.30␣U+202E4␣U+0000␣U+200B\tok\n"


def test_what_people_typed_is_escaped_and_spelled_out() -> None:
    said = render("{{ text|visible }}", text="<script>\u202e")
    assert said == "&lt;script&gt;␣U+202E"


@pytest.mark.parametrize(
    ("name", "short"), [("Priya Nair", "PN"), ("Mia del Castellano", "MC"), ("root", "R"), ("", "?")]
)
def test_initials(name: str, short: str) -> None:
    assert words.initials(name) == short


def test_plural_carries_its_number() -> None:
    assert [render('{{ n|plural:"step,steps" }}', n=n) for n in (0, 1, 7)] == ["0 steps", "1 step", "7 steps"]


CONTRACT = {
    "rollback": "awaiting_approval queued running paused cancelling cancelled needs_operator succeeded failed rejected "
    "expired",
    "step": "pending running verifying succeeded failed skipped unknown",
    "attempt": "in_flight succeeded rejected not_sent ambiguous reconciled_applied reconciled_not_applied conflict",
}


@pytest.mark.parametrize("of", CONTRACT)
def test_every_state_of_the_contract_has_a_mark(of: str) -> None:
    assert set(CONTRACT[of].split()) <= set(marks.MARKS[of])


def test_the_states_of_a_step_can_be_told_apart_by_shape() -> None:
    shapes = [marks.MARKS["step"][state].shape for state in CONTRACT["step"].split()]
    assert len(set(shapes)) == len(shapes)


def test_a_mark_is_shape_and_word() -> None:
    said = render('{% mark "needs_operator" of="rollback" %}')
    assert "#mark-person" in said
    assert "Needs a person" in said


def test_a_state_nobody_knows_is_shown_as_unknown_under_its_own_name() -> None:
    assert marks.mark_for("half_baked", "step") == marks.Mark("unknown", "person", "Half baked")


def test_a_time_bar_shows_used_against_usual_and_limit() -> None:
    said = bars.time_bar("verifying", used=150, usual=120, limit=300)
    assert 'class="fill" y="2" width="50.0%"' in said
    assert 'class="tick" x="40.0%"' in said
    assert ' style="' not in said


def test_the_rail_says_in_words_when_the_target_or_the_hour_is_missed() -> None:
    start = NOW - timedelta(minutes=12)
    late = bars.recovery_rail(
        start, start + timedelta(hours=1), NOW, start + timedelta(minutes=30), NOW + timedelta(minutes=20)
    )
    worse = bars.recovery_rail(
        start, start + timedelta(hours=1), NOW, start + timedelta(minutes=30), NOW + timedelta(minutes=55)
    )
    good = bars.recovery_rail(
        start, start + timedelta(hours=1), NOW, start + timedelta(minutes=30), NOW + timedelta(minutes=12)
    )
    assert "2 min after the target" in late
    assert "7 min after the hour to recover ends" in worse
    assert "rail-late" not in good


def test_the_rail_survives_a_start_in_the_future_and_an_end_in_the_past() -> None:
    assert bars.recovery_rail(NOW, NOW + timedelta(hours=1), NOW - timedelta(minutes=5))
    assert "100.0%" in bars.recovery_rail(NOW - timedelta(hours=2), NOW - timedelta(hours=1), NOW)


def points(*values: float | None) -> list[tuple[datetime, float | None]]:
    return [(NOW - timedelta(seconds=10 * (len(values) - number)), value) for number, value in enumerate(values)]


def test_the_chart_says_its_numbers_in_words_and_as_a_table() -> None:
    said = charts.error_chart(
        points(0.2, 12, 34.2),
        [{"at": NOW - timedelta(seconds=25), "label": "v2.31.0", "rest": "live"}],
        1.0,
        NOW,
        title="Share links",
    )
    assert "<title" in said
    assert "34.2 % now; limit 1 %; v2.31.0 at 14:14." in said
    assert "As a table" in said
    assert ' style="' not in said


def test_the_chart_breaks_its_line_where_nothing_was_read() -> None:
    path = charts.error_chart(points(1, 2, None, 3, 4), (), 1.0, NOW).split('class="line" d="')[1].split('"')[0]
    assert path.count("M") == 2


@pytest.mark.parametrize("values", [(), (None,), (0.0,), (100.0, 100.0), (None, None, 5.0)])
def test_the_chart_draws_whatever_was_read(values: tuple[float | None, ...]) -> None:
    assert charts.error_chart(points(*values), (), None, NOW)


def test_the_chart_escapes_the_names_of_events() -> None:
    said = charts.error_chart(points(1, 2), [{"at": NOW, "label": "<b>x</b>"}], 1.0, NOW)
    assert "<b>x" not in said


def test_ten_thousand_readings_stay_a_small_picture() -> None:
    assert len(charts.error_chart(points(*[float(n % 30) for n in range(10_000)]), (), 1.0, NOW)) < 40_000
