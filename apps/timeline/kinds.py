"""What can be said of anything: every kind of event, declared once with the sentence people read."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Kind:
    """`name` is "<noun>.<past participle>"; `sentence` has {placeholders} that are filled from the details.

    A `fine` kind is one small move of a machine: it stands in the record, in the API and in the whole timeline, and
    is left out where a person reads only what matters.
    """

    name: str
    sentence: str
    visibility: str = "internal"
    fine: bool = False

    def tell(self, values: dict[str, object]) -> str:
        """Return the sentence with its placeholders filled; a missing value stays visible as its name."""
        return _PLACEHOLDER.sub(lambda found: str(values.get(found[1], found[0])), self.sentence)


KINDS: dict[str, Kind] = {}


def kind(name: str, sentence: str, visibility: str = "internal", *, fine: bool = False) -> Kind:
    """Declare a kind of event. Raises ValueError when the name is taken, so that one name means one thing."""
    if name in KINDS:
        raise ValueError(f"The event kind {name} is declared twice.")
    KINDS[name] = Kind(name, sentence, visibility, fine)
    return KINDS[name]


def fine_kinds() -> list[str]:
    """Return the names of the kinds that short timelines leave out."""
    return [each.name for each in KINDS.values() if each.fine]
