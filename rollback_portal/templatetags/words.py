"""Turn plain values into the words and shapes people read; the same words as static/js/words.js."""

import unicodedata
from datetime import timedelta

INVISIBLE = {"Cc", "Cf", "Co", "Cn", "Zl", "Zp"}  # control, format (bidi included), private, unassigned, separators
MINUTE, HOUR, DAY = 60, 3600, 86_400


def seconds_of(value: object) -> float:
    """Seconds of a number or a timedelta, never below zero."""
    seconds = value.total_seconds() if isinstance(value, timedelta) else float(str(value))
    return max(0.0, seconds)


def duration(value: object) -> str:
    """`2 min 05 s`, `24 min`, `2 h 49 min`, `4 days`; an absent value is a dash."""
    if value is None or value == "":
        return "–"
    exact = seconds_of(value)
    if 0 < exact < 1:
        return f"{exact:.1f} s"
    seconds = int(exact + 0.5) if exact < MINUTE else int(exact)
    if seconds < MINUTE:
        return f"{seconds} s"
    if seconds < HOUR:
        minutes, rest = divmod(seconds, MINUTE)
        return f"{minutes} min {rest:02d} s" if rest else f"{minutes} min"
    if seconds < DAY:
        hours, rest = divmod(seconds // MINUTE, 60)
        return f"{hours} h {rest:02d} min" if rest else f"{hours} h"
    return plural(seconds // DAY, "day,days")


def age(value: object) -> str:
    """`40 s`, `9 min`, `2 h`, `6 days`: one unit is enough for how old a fact is."""
    seconds = int(seconds_of(value))
    if seconds < MINUTE:
        return f"{seconds} s"
    if seconds < HOUR:
        return f"{seconds // MINUTE} min"
    if seconds < 2 * DAY:
        return f"{seconds // HOUR} h"
    return plural(seconds // DAY, "day,days")


def clock(value: object) -> str:
    """`2:48`, above an hour `1:02:48`."""
    seconds = int(seconds_of(value))
    hours, rest = divmod(seconds, HOUR)
    minutes, seconds = divmod(rest, MINUTE)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def plural(count: object, forms: str) -> str:
    """`7 steps` out of 7 and `step,steps`; the number is part of the answer."""
    one, many = forms.split(",", 1)
    return f"{count} {one if str(count) == '1' else many}"


def percent(value: object) -> str:
    """`34.2 %`, `100 %`: one decimal at most, a space before the sign."""
    if value is None or value == "":
        return "–"
    text = f"{float(str(value)):.1f}"
    return f"{text.removesuffix('.0')} %"


def split(text: str) -> list[str]:
    """The words of a text, to loop over in a template."""
    return text.split()


def short_hash(value: object) -> str:
    """The first 12 characters of a hash, enough to compare by eye."""
    return str(value or "")[:12]


def initials(name: object) -> str:
    """`PN` for Priya Nair; a single word gives one letter."""
    words = str(name or "").split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() or "?"


def visible(text: object) -> str:
    """The text with every control and direction character spelled out, so that nothing can hide or reorder words.

    Line ends and tabs stay. Rule: Unicode general categories Cc, Cf, Co, Cn, Zl and Zp.
    """
    return "".join(_spelled(character) for character in str(text or ""))


def _spelled(character: str) -> str:
    if character in "\n\t" or unicodedata.category(character) not in INVISIBLE:
        return character
    return f"␣U+{ord(character):04X}"
