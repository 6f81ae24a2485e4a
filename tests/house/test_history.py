"""History is told in the past tense: every kind of event is `<noun>.<past participle>` and has a sentence."""

from __future__ import annotations

import re

from apps.timeline.kinds import KINDS
from tests.house import tables

# Participles that do not end in -ed or -en, and the three names that say what has become true instead.
IRREGULAR = {"made", "put", "held", "told", "begun", "done", "undone", "seen", "said", "sent", "noted", "lost", "found"}
BECAME_TRUE = {"question.overdue", "update.overdue", "deployment.went_live", "rollback.step_already_so"}
NOUN = re.compile(r"[a-z]+(_[a-z]+)*")


def test_every_kind_is_named_after_what_happened() -> None:
    tables.events()  # brings every app's kinds in
    wrong = []
    for name in (name for name in KINDS if not name.startswith("test.")):
        noun, _, happened = name.partition(".")
        words = happened.split("_")
        past = any(word.endswith(("ed", "en", "wn")) or word in IRREGULAR for word in words)
        if not NOUN.fullmatch(noun) or not NOUN.fullmatch(happened) or not (past or name in BECAME_TRUE):
            wrong.append(name)
    assert wrong == []


def test_every_kind_has_a_sentence_for_a_known_audience() -> None:
    kinds = [kind for name, kind in KINDS.items() if not name.startswith("test.")]
    assert [kind.name for kind in kinds if not re.match(r"[A-Z{]", kind.sentence) or len(kind.sentence) < 10] == []
    assert {kind.visibility for kind in kinds} <= {"internal", "stakeholder", "public"}
