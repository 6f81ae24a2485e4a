"""Draw bars and rails as SVG attributes, because the content policy allows no inline style."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from rollback_portal.templatetags import marks, times, words

HATCHED = mark_safe(' fill="url(#hatch-person)"')  # nosec B308 B703 # nothing is put in
Scale = Callable[[datetime], float]
CLOSE, NARROW_CLOSE = 9.0, 30.0  # percent of a rail within which two labels would touch, on wide screens and on phones


def share(part: float, whole: float) -> float:
    """Percent of a whole, kept between 0 and 100."""
    return round(min(100.0, max(0.0, 100.0 * part / whole)), 2) if whole > 0 else 0.0


def time_bar(
    state: object,
    used: object = 0,
    usual: object = 0,
    limit: object = 0,
    since: datetime | None = None,
    of: str = "step",
) -> SafeString:
    """Time used against the usual time, in seconds; the whole width is when it gives up. `since` makes it move."""
    used_s, usual_s, limit_s = (words.seconds_of(value or 0) for value in (used, usual, limit))
    limit_s = limit_s or max(used_s, usual_s * 2, 1)
    if since:
        used_s = max(used_s, (timezone.now() - since).total_seconds())
    return format_html(
        '<time-bar class="time-bar" data-tone="{}"{} limit="{}"><svg width="100%" height="12" aria-hidden="true"'
        ' focusable="false"><rect class="track" y="2" width="100%" height="8" rx="2"/>'
        '<rect class="fill" y="2" width="{}%" height="8" rx="2"/>{}</svg></time-bar>',
        marks.mark_for(state, of).tone,
        format_html(' since="{}"', times.iso(since)) if since else "",
        limit_s,
        share(used_s, limit_s),
        _usual_tick(usual_s, limit_s),
    )


def _usual_tick(usual: float, limit: float) -> SafeString | str:
    return format_html('<rect class="tick" x="{}%" width="2" height="12"/>', share(usual, limit)) if usual else ""


def clock_bar(since: datetime, until: datetime) -> SafeString:
    """The emptying bar of a clock that runs from `since` to `until`."""
    left = share((until - timezone.now()).total_seconds(), (until - since).total_seconds())
    return format_html(
        '<time-bar class="clock-bar" since="{}" until="{}"><svg width="100%" height="8" aria-hidden="true"'
        ' focusable="false"><rect class="track" width="100%" height="8" rx="2"/>'
        '<rect class="fill" width="{}%" height="8" rx="2"/></svg></time-bar>',
        times.iso(since),
        times.iso(until),
        left,
    )


def recovery_rail(
    start: datetime,
    end: datetime,
    now: datetime,
    target: datetime | None = None,
    healthy: datetime | None = None,
    marks: Iterable[Mapping[str, Any]] = (),
) -> SafeString:
    """From the start to the end of the hour to recover: spent, projected, target, end, with a sentence when late."""
    x = _scale(start, end)
    spent, projected = x(now), x(healthy) if healthy and healthy > now else None
    late = _lateness(target, end, healthy or now)
    return format_html(
        '{}<svg class="rail" width="100%" height="58" role="img" aria-label="{}">'
        '<rect class="track" y="22" width="100%" height="12" rx="2"/>{}'
        '<rect class="spent" y="22" width="{}%" height="12" rx="2"/>{}{}{}{}</svg>',
        format_html('<p class="rail-late" data-tone="{}">{}</p>', *late) if late else "",
        _rail_words(start, end, now, target, healthy),
        _projected(spent, projected, late),
        spent,
        _labels_above(now, healthy, spent, projected),
        _rail_marks(marks, x),
        _target_tick(start, target, x),
        _ends(start, end),
    )


def _scale(start: datetime, end: datetime) -> Scale:
    whole = (end - start).total_seconds()
    return lambda moment: share((moment - start).total_seconds(), whole)


def _lateness(target: datetime | None, end: datetime, when: datetime) -> tuple[str, str] | None:
    if when > end:
        return "broken", f"Healthy again about {words.duration(when - end)} after the hour to recover ends."
    if target and when > target:
        return "person", f"Healthy again about {words.duration(when - target)} after the target."
    return None


def _projected(spent: float, projected: float | None, late: tuple[str, str] | None) -> SafeString | str:
    if projected is None:
        return ""
    tone = late[0] if late else "quiet"
    return format_html(
        '<rect class="projected" data-tone="{}" x="{}%" y="22.5" width="{}%" height="11" rx="1.5"'
        ' fill="url(#hatch-{})"/>',
        tone,
        spent,
        round(projected - spent, 2),
        tone,
    )


def _text(x: float, y: int, content: SafeString, css: str = "", anchor: str = "") -> SafeString:
    anchor = anchor or ("start" if x < CLOSE / 2 else "end" if x > 100 - CLOSE / 2 else "middle")
    return format_html('<text x="{}%" y="{}" text-anchor="{}" class="{}">{}</text>', x, y, anchor, css, content)


def _labels_above(now: datetime, healthy: datetime | None, spent: float, projected: float | None) -> SafeString:
    if projected is None or healthy is None:
        return _now_label(now, spent)
    if projected - spent >= NARROW_CLOSE:
        return _now_label(now, spent) + _text(projected, 14, _healthy_words(healthy))
    wide, narrow = (_pair(now, healthy, spent, projected, room) for room in (CLOSE, NARROW_CLOSE))
    return format_html('<g class="wide-only">{}</g><g class="phone-only">{}</g>', wide, narrow)


def _pair(now: datetime, healthy: datetime, spent: float, projected: float, room: float) -> SafeString:
    """Two labels that must not touch: `room` is what one label needs, in percent of the rail."""
    if projected - spent >= room:
        return _now_label(now, spent) + _text(projected, 14, _healthy_words(healthy))
    if spent > room:
        start = min(projected, 100 - room)
        return _now_label(now, min(spent, start - 1), "end") + _text(start, 14, _healthy_words(healthy), "", "start")
    return _now_label(now, spent, "start") + _text(
        max(projected, spent + room), 14, _healthy_words(healthy), "", "start"
    )


def _now_label(now: datetime, spent: float, anchor: str = "") -> SafeString:
    return _text(spent, 14, format_html("now {}", times.svg_time(now)), "strong", anchor)


def _healthy_words(healthy: datetime) -> SafeString:
    return format_html("healthy {}", times.svg_time(healthy))


def _rail_marks(marks: Iterable[Mapping[str, Any]], x: Scale) -> SafeString:
    placed = [(x(mark["at"]), mark) for mark in marks]
    shown = [(where, mark) for where, mark in placed if CLOSE <= where <= 100 - CLOSE]
    return format_html_join(
        "",
        '<g class="wide-only"><rect class="small-tick" x="{}%" y="34" width="1" height="6"/>{}</g>',
        (
            (where, _text(where, 52, format_html("{} {}", mark["label"], times.svg_time(mark["at"]))))
            for where, mark in shown
        ),
    )


def _target_tick(start: datetime, target: datetime | None, x: Scale) -> SafeString | str:
    if target is None:
        return ""
    label = format_html(
        '<tspan class="wide-only">{} </tspan>target {}', words.duration(target - start), times.svg_time(target)
    )
    return format_html(
        '<rect class="tick" x="{}%" y="18" width="2" height="20"/>{}', x(target), _text(x(target), 52, label)
    )


def _ends(start: datetime, end: datetime) -> SafeString:
    begun = _text(0, 52, format_html("{} started", times.svg_time(start)), "", "start")
    over = _text(100, 52, times.svg_time(end), "strong", "end")
    return begun + format_html(
        '<svg x="100%" overflow="visible"><rect class="tick" x="-2" y="18" width="2" height="20"/></svg>{}', over
    )


def _rail_words(
    start: datetime, end: datetime, now: datetime, target: datetime | None, healthy: datetime | None
) -> str:
    facts = [f"Started {timezone.localtime(start):%H:%M}", f"now {timezone.localtime(now):%H:%M}"]
    if healthy:
        facts.append(f"healthy about {timezone.localtime(healthy):%H:%M}")
    if target:
        facts.append(f"target {timezone.localtime(target):%H:%M}")
    return ", ".join([*facts, f"hour to recover ends {timezone.localtime(end):%H:%M}"])


def impact_bar(segments: Iterable[Mapping[str, Any]], start: datetime, end: datetime) -> SafeString:
    """How one part of the product did between two instants; segments are `{state, since, until}`."""
    x = _scale(start, end)
    pieces = [(str(each["state"]), x(each["since"]), x(each.get("until") or end)) for each in segments]
    whole = (end - start).total_seconds()
    told = [f"{state} for {words.duration((b - a) / 100 * whole)}" for state, a, b in pieces]
    drawn = [(state, a, round(b - a, 2), HATCHED if state == "partly" else "") for state, a, b in pieces]
    return format_html(
        '<svg class="impact" width="100%" height="12" role="img" aria-label="{}">'
        '<rect class="track" width="100%" height="12"/>{}</svg>',
        "; ".join(told) or "working all the time",
        format_html_join("", '<rect data-impact="{}" x="{}%" width="{}%" height="12"{}/>', drawn),
    )
