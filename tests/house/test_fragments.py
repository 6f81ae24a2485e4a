"""What the stream really sends: one root for each part, and nothing that belongs to one reader alone."""

from __future__ import annotations

import re
from typing import Any

from apps.timeline import stream
from tests.house.roots import Roots
from tests.rollbacks.conftest import stage

__all__ = ["stage"]

PART = re.compile(r'<hx-partial hx-target="#([^"]+)" hx-swap="outerMorph">(.*?)</hx-partial>', re.DOTALL)


def test_shared_fragments_have_one_root_and_no_reader(stage: Any) -> None:
    keys = {"now": stage.organisation.pk, "rollback": stage.propose().pk}
    wrong = []
    for name, renderer in stream.RENDERERS.items():
        if renderer.render is None:
            continue
        sent = renderer.render(str(keys.get(name, stage.incident.pk)), "inside")
        parts = PART.findall(sent)
        assert parts, name
        assert PART.sub("", sent).strip() == "", name
        for target, html in parts:
            reader = Roots(html)
            if reader.roots != [target] or reader.loose:
                wrong.append((name, target, "roots", reader.roots, reader.loose))
            if reader.forms or "csrf" in html:
                wrong.append((name, target, "a form"))
    assert wrong == []
