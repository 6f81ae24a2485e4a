"""Draw the error chart on the server: works without JavaScript, prints, and has a table as alternative.

The drawing has two layers: the line lives in a stretched inner picture (0…1000 wide, non-scaling stroke), words and
uprights lie above it at percentages, so that text never stretches.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from rollback_portal.templatetags import times
from rollback_portal.templatetags.chart_frame import PLOT, Frame, Point, framed, thinned

ROWS = 12  # at most this many readings in the table
WIDE = 640.0  # px a chart is about wide; only used to keep labels apart
CLOCK_STEPS = [60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400]  # seconds between axis words


def error_chart(
    points: Sequence[Point],
    events: Iterable[Mapping[str, Any]] = (),
    limit: float | None = None,
    now: datetime | None = None,
    title: str = "Errors",
    unit: str = "%",
    upper: float | None = None,
    id: str = "error-chart",
) -> SafeString:
    """Values over time with limit and events. `points` are `(instant, value or None)`, oldest first.

    An event is `{at, label, rest, short, kind, dotted}`; only `at` and `label` are needed.
    """
    if not points:
        return mark_safe('<p class="note chart-none">No reading yet. The first one draws this chart.</p>')  # nosec B308 B703 # nothing is put in
    now = now or timezone.now()
    points, marked = thinned(points), sorted(events, key=lambda event: event["at"])
    frame = framed(points, marked, limit, now, upper)
    return format_html(
        '<figure class="chart" id="{0}"><svg width="100%" height="{1}" role="img" aria-labelledby="{0}-title {0}-desc">'
        '<title id="{0}-title">{2}</title><desc id="{0}-desc">{3}</desc>{4}{5}{6}{7}{8}{9}</svg>{10}</figure>',
        id,
        frame.height,
        title,
        _sentence(points, marked, limit, unit),
        _future(frame, points[-1][0]),
        _hairlines(frame, unit),
        _line(points, frame, limit),
        _limit(frame, limit, unit),
        _clock_words(frame),
        _uprights([event for event in marked if frame.start <= event["at"] <= frame.end], frame)
        + _latest(points, frame, unit),
        _table(points, marked, unit, title),
    )


def _future(frame: Frame, now: datetime) -> SafeString:
    return format_html(
        '<rect class="future" x="{}%" y="{}" width="{}%" height="{}"/>',
        frame.x(now),
        frame.top - 6,
        round(100 - frame.x(now), 2),
        PLOT + 6,
    )


def _hairlines(frame: Frame, unit: str) -> SafeString:
    rows = [
        (frame.y(value), frame.y(value) - 5, f"{value:g} {unit}")
        for value in (frame.upper * part / 4 for part in (1, 2, 3))
    ]
    lines = format_html_join(
        "", '<rect class="hairline" y="{}" width="100%" height="1"/><text x="0" y="{}">{}</text>', rows
    )
    return lines + format_html('<rect class="base" y="{}" width="100%" height="1"/>', frame.bottom)


def _line(points: Sequence[Point], frame: Frame, limit: float | None) -> SafeString:
    runs: list[list[tuple[float, float]]] = [[]]
    for moment, value in points:
        if value is None:
            runs.append([])
        else:
            runs[-1].append((round(frame.x(moment) * 10, 1), value))
    path = "".join("M" + " ".join(f"{x} {frame.y(value)}" for x, value in run) for run in runs if run)
    area = "".join(_area(run, frame, limit) for run in runs if len(run) > 1) if limit is not None else ""
    return format_html(
        '<svg y="0" width="100%" height="{0}" viewBox="0 0 1000 {0}" preserveAspectRatio="none">'
        '<path class="above" d="{1}"/><path class="line" d="{2}" vector-effect="non-scaling-stroke"/></svg>',
        frame.height,
        area,
        path,
    )


def _area(run: Sequence[tuple[float, float]], frame: Frame, limit: float | None) -> str:
    floor = limit or 0
    edge = " ".join(f"{x} {frame.y(max(value, floor))}" for x, value in run)
    return f"M{run[0][0]} {frame.y(floor)} {edge} {run[-1][0]} {frame.y(floor)}Z"


def _limit(frame: Frame, limit: float | None, unit: str) -> SafeString | str:
    if limit is None:
        return ""
    y = frame.y(limit)
    return format_html(
        '<line class="limit" x1="0" x2="100%" y1="{0}" y2="{0}"/><text x="0" y="{1}">limit {2} {3}</text>',
        y,
        y - 5,
        f"{limit:g}",
        unit,
    )


def _clock_words(frame: Frame) -> SafeString:
    seconds = (frame.end - frame.start).total_seconds()
    step = next((step for step in CLOCK_STEPS if seconds / step <= 5), CLOCK_STEPS[-1])
    first = timezone.localtime(frame.start).replace(hour=0, minute=0, second=0, microsecond=0)
    count = int((frame.start - first).total_seconds() // step) + 1
    moments = [first + timedelta(seconds=step * number) for number in range(count, count + 7)]
    shown = [moment for moment in moments if 4 <= frame.x(moment) <= 97]
    return format_html_join(
        "",
        '<text x="{}%" y="{}" text-anchor="middle">{}</text>',
        ((frame.x(m), frame.height - 6, times.svg_time(m)) for m in shown),
    )


def _uprights(events: Sequence[Mapping[str, Any]], frame: Frame) -> SafeString:
    """Uprights with words on two alternating heights; a word that finds no room is left to the table."""
    free, drawn = [0.0, 0.0], []
    for number, event in enumerate(events):
        x, rest = frame.x(event["at"]), event.get("rest", "")
        width = 6.2 * len(f"{event['label']} {rest} 00:00") + 8
        follower = frame.x(events[number + 1]["at"]) if number + 1 < len(events) else 200.0
        row, anchor = _room(x * WIDE / 100, width, number % 2, free, leftwards=(follower - x) * WIDE / 100 < width)
        if row is not None:
            free[row] = x * WIDE / 100 + (width if anchor == "start" else 4)
        drawn.append(_upright(event, x, row, anchor, frame))
    return mark_safe("".join(drawn))  # noqa: S308  # nosec B308 B703 # joined from escaped pieces


def _room(x: float, width: float, wanted: int, free: Sequence[float], leftwards: bool) -> tuple[int | None, str]:
    """The height and side where a word fits; a close follower makes it stand on the left of its upright."""
    sides = ("end", "start") if leftwards else ("start", "end")
    for row, side in [(row, side) for side in sides for row in (wanted, 1 - wanted)]:
        if (x >= free[row] and x + width <= WIDE + 24) if side == "start" else x - width >= free[row]:
            return row, side
    return None, "start"


def _upright(event: Mapping[str, Any], x: float, row: int | None, anchor: str, frame: Frame) -> SafeString:
    y = 12 if row in (0, None) else 28
    line = format_html(
        '<line class="event{0}" x1="{1}%" x2="{1}%" y1="{2}" y2="{3}"/>',
        " dotted" if event.get("dotted") else "",
        x,
        y - 10,
        frame.bottom,
    )
    if row is None:
        return line
    label, rest = str(event["label"]), event.get("rest", "")
    short = event.get("short") or label.split(" ")[-1 if event.get("dotted") else 0].capitalize()
    words_ = format_html(
        '<tspan class="strong wide-only">{}</tspan><tspan class="strong phone-only">{}</tspan>'
        '<tspan class="wide-only">{} {}</tspan>',
        label,
        short if not label.startswith("v") else label,
        f" {rest}" if rest else "",
        times.svg_time(event["at"]),
    )
    return line + format_html(
        '<text x="{}%" y="{}" dx="{}" text-anchor="{}" class="event-word">{}</text>',
        x,
        y,
        6 if anchor == "start" else -6,
        anchor,
        words_,
    )


def _latest(points: Sequence[Point], frame: Frame, unit: str) -> SafeString | str:
    moment, value = points[-1]
    if value is None:
        return ""
    x, y = frame.x(moment), frame.y(value)
    beside = 100 - x > 10
    dx, dy, anchor = (10, 4, "start") if beside else (-6, -12, "end")
    return format_html(
        '<circle class="now" cx="{0}%" cy="{1}" r="4"/>'
        '<text class="strong now-word" x="{0}%" y="{1}" dx="{2}" dy="{3}" text-anchor="{4}">{5}</text>',
        x,
        y,
        dx,
        dy,
        anchor,
        f"{value:.1f}".removesuffix(".0") + f" {unit}",
    )


def _sentence(points: Sequence[Point], events: Sequence[Mapping[str, Any]], limit: float | None, unit: str) -> str:
    value = points[-1][1]
    facts = [f"{value:.1f} {unit} now" if value is not None else "no reading now"]
    if limit is not None:
        facts.append(f"limit {limit:g} {unit}")
    facts += [f"{event['label']} at {timezone.localtime(event['at']):%H:%M}" for event in events]
    return "; ".join(facts) + "."


def _table(points: Sequence[Point], events: Sequence[Mapping[str, Any]], unit: str, title: str) -> SafeString:
    step = max(1, len(points) // ROWS)
    rows = [
        (moment, "no reading" if value is None else f"{value:.1f} {unit}")
        for moment, value in [*points[:-1:step], points[-1]]
    ]
    rows += [(event["at"], f"{event['label']} {event.get('rest', '')}") for event in events]
    body = format_html_join(
        "",
        '<tr><th scope="row">{}</th><td>{}</td></tr>',
        ((times.at(moment, "short"), text) for moment, text in sorted(rows, key=lambda row: row[0])),
    )
    return format_html(
        '<details class="as-table"><summary>As a table</summary><table class="table">'
        '<caption class="visually-hidden">{}</caption><thead><tr><th scope="col">Time</th>'
        '<th scope="col">Reading or event</th></tr></thead><tbody>{}</tbody></table></details>',
        title,
        body,
    )
