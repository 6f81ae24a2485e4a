"""The tag library of the portal, loaded into every template as a builtin; docs/interface.md lists what it offers."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import template
from django.forms import BaseForm
from django.forms.boundfield import BoundField
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from rollback_portal.templatetags import assets, bars, charts, marks, times, words

register = template.Library()

register.simple_tag(assets.stylesheets, name="stylesheets")
register.simple_tag(assets.scripts, name="scripts")
register.simple_tag(marks.icon, name="icon")
register.simple_tag(marks.mark, name="mark")
register.simple_tag(marks.severity, name="severity")
register.simple_tag(times.at, name="at")
register.simple_tag(times.countdown, name="countdown")
register.simple_tag(times.elapsed, name="elapsed")
register.simple_tag(bars.time_bar, name="time_bar")
register.simple_tag(bars.clock_bar, name="clock_bar")
register.simple_tag(bars.recovery_rail, name="recovery_rail")
register.simple_tag(bars.impact_bar, name="impact_bar")
register.simple_tag(charts.error_chart, name="error_chart")

register.filter("duration", words.duration)
register.filter("clock_left", times.clock_left)
register.filter("short_hash", words.short_hash)
register.filter("visible", words.visible)
register.filter("plural", words.plural)
register.filter("initials", words.initials)
register.filter("percent", words.percent)
register.filter("words", words.split)


@register.simple_tag
def html_attributes(theme: str = "") -> SafeString:
    """What the `html` element tells the browser: language, theme, the viewer's zone and the server's clock."""
    now = timezone.now()
    return format_html(
        'lang="en" data-zone="{}" data-zone-name="{}" data-now="{}"{}',
        timezone.get_current_timezone_name(),
        times.zone_name(now),
        now.isoformat(timespec="milliseconds"),
        format_html(' data-theme="{}"', theme) if theme in ("light", "dark") else "",
    )


@register.simple_tag
def zone_words() -> str:
    """`AEST (UTC+10)`: the zone times are written in."""
    return times.zone_words(timezone.now())


@register.simple_tag
def now_words() -> str:
    """The wall clock of the bar, `14:11:24 AEST`."""
    now = timezone.now()
    return f"{timezone.localtime(now):%H:%M:%S} {times.zone_name(now)}"


@register.simple_tag
def vote_word(state: object) -> marks.Mark:
    """The mark of a vote, for its word and tone at the end of a row."""
    return marks.mark_for(state, "vote")


@register.simple_tag
def step_word(state: object, word: str = "") -> SafeString:
    """The word of a step's state in its own column; its shape stands at the start of the row."""
    looks = marks.mark_for(state, "step")
    return format_html(
        '<span class="mark" data-tone="{}"><span class="mark-word" aria-hidden="true">{}</span></span>',
        looks.tone,
        word or looks.word,
    )


@register.inclusion_tag("parts/_live_icons.html")
def live_icons() -> dict[str, Any]:
    """The three pictures of the live indicator; its state shows one of them."""
    return {"live_icons": (("live", "radio"), ("reconnecting", "refresh-cw"), ("stale", "wifi-off"))}


@register.inclusion_tag("parts/_lamps.html")
def lamps(lamps: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Three joined cells: requested, accepted, serving."""
    return {"lamps": lamps}


@register.inclusion_tag("parts/_field.html")
def field(field: BoundField) -> dict[str, Any]:
    """One form field: label above, hint, error."""
    described = [f"{field.auto_id}_hint"] if field.help_text else []
    described += [f"{field.auto_id}_error"] if field.errors else []
    widget = field.as_widget(attrs=_attributes(field, described))
    kind = getattr(field.field.widget, "input_type", "") or type(field.field.widget).__name__.lower()
    return {
        "field": field,
        "widget": widget,
        "kind": kind,
        "box": kind == "checkbox" and not hasattr(field.field, "choices"),
    }


def _attributes(field: BoundField, described: list[str]) -> dict[str, Any]:
    attributes: dict[str, Any] = {"aria-describedby": " ".join(described)} if described else {}
    return {**attributes, "aria-invalid": "true"} if field.errors else attributes


@register.inclusion_tag("parts/_form.html")
def fields(form: BaseForm) -> dict[str, Any]:
    """Every field of a form and the errors that belong to no field; the form element itself is the page's."""
    return {"form": form}


@register.simple_block_tag
def dialog(content: str, id: str, title: str, lead: str = "") -> SafeString:
    """A modal dialog around `content`; `commandfor` of a button opens it, `command="close"` closes it."""
    return format_html(
        '<dialog class="dialog" id="{0}" aria-labelledby="{0}-title"><h2 id="{0}-title">{1}</h2>{2}{3}</dialog>',
        id,
        title,
        format_html('<p class="second">{}</p>', lead) if lead else "",
        content,
    )
