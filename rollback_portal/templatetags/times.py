"""Write instants and clocks so that they are right without JavaScript and tick with it."""

from datetime import UTC, datetime, timedelta

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from rollback_portal.templatetags import words


def iso(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds dropped, as the browser parses it everywhere."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def zone_name(moment: datetime) -> str:
    """`AEST`; zones without letters become `UTC+04`."""
    name = timezone.localtime(moment).strftime("%Z")
    return f"UTC{name}" if name[:1] in "+-" else name


def zone_words(moment: datetime) -> str:
    """`AEST (UTC+10)`, or `UTC` alone."""
    offset = timezone.localtime(moment).strftime("%z")
    hours = f"{offset[:1]}{int(offset[1:3])}{':' + offset[3:] if offset[3:] != '00' else ''}"
    name = zone_name(moment)
    return name if name.startswith("UTC") else f"{name} (UTC{hours})"


def wording(moment: datetime, style: str, now: datetime) -> str:
    """An instant in words. Styles: time, seconds, short, both, age, old, full, day (see docs/interface.md)."""
    local = timezone.localtime(moment)
    if style == "age":
        return f"in {words.age(moment - now)}" if moment > now else f"{words.age(now - moment)} ago"
    if style == "old":
        return words.age(now - moment)
    if style == "day":
        return f"{local.day} {local:%b %Y}"
    if style == "full":
        return f"{local.day} {local:%b %Y}, {local:%H:%M:%S} {zone_name(moment)}"
    text = (
        f"{_other_day(local, now)}{local:%H:%M:%S}" if style == "seconds" else f"{_other_day(local, now)}{local:%H:%M}"
    )
    if style in ("short", "seconds"):
        return text
    text = f"{text} {zone_name(moment)}"
    return f"{text} ({wording(moment, 'age', now)})" if style == "both" else text


def _other_day(local: datetime, now: datetime) -> str:
    today = timezone.localtime(now)
    if local.date() == today.date():
        return ""
    return f"{local.day} {local:%b}, " if local.year == today.year else f"{local.day} {local:%b %Y}, "


def at(moment: datetime | None, style: str = "time") -> SafeString | str:
    """An instant in the viewer's zone; the browser keeps the age fresh. An absent instant is a dash."""
    if moment is None or moment == "":
        return "–"
    text = wording(moment, style, timezone.now())
    return format_html('<relative-time datetime="{}" data-style="{}">{}</relative-time>', iso(moment), style, text)


def countdown(until: datetime | None, style: str = "clock") -> SafeString | str:
    """A ticking clock to an instant: `2:48`, or `50 min 36 s` with style `words`. It stops at zero."""
    if until is None or until == "":
        return "–"
    left = max(until - timezone.now(), timedelta(0))
    text = words.duration(left) if style == "words" else words.clock(left)
    return format_html('<count-down until="{}" data-style="{}">{}</count-down>', iso(until), style, text)


def elapsed(since: datetime | None, until: datetime | None = None) -> SafeString | str:
    """How long something has taken; it ticks while `until` is absent."""
    if since is None or since == "":
        return "–"
    if until:
        return words.duration(until - since)
    text = words.duration(int((timezone.now() - since).total_seconds()))
    return format_html('<elapsed-time since="{}">{}</elapsed-time>', iso(since), text)


def clock_left(until: datetime | None) -> str:
    """What is left until an instant, as plain `2:48`."""
    return words.clock(until - timezone.now()) if until else "–"


def svg_time(moment: datetime, css: str = "") -> SafeString:
    """A clock time inside an SVG text; static/js/local-times.js puts it into the viewer's zone."""
    text = f"{timezone.localtime(moment):%H:%M}"
    return format_html('<tspan data-at="{}" class="{}">{}</tspan>', iso(moment), css, text)
