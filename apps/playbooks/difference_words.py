"""How values are shown in sentences about changes."""

from __future__ import annotations

import json
from typing import Any

LONGEST_SHOWN = 80


def sentence(what: str, old: Any, new: Any) -> str:
    """Return “what: it was …, now ….”, with absence in words."""
    return f"{what}: it was {shown(old)}, now {shown(new)}."


def shown(value: Any) -> str:
    """Return a value short enough for a sentence."""
    if value is None or value in ("", [], {}):
        return "nothing"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"
