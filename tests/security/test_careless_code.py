"""bandit looks for careless code in .ci/run; here, that nobody silences it without saying why."""

from __future__ import annotations

import re

from tests.house.sources import ROOT, modules

SILENCED = re.compile(r"#\s*nosec\b(.*)")
WITH_A_REASON = re.compile(r" B\d{3}( B\d{3})* # \w.{8,}")


def test_every_silence_names_its_rule_and_its_reason() -> None:
    found = [(name, line[1]) for name in modules() for line in SILENCED.finditer((ROOT / name).read_text())]
    assert len(found) > 5
    assert [each for each in found if not WITH_A_REASON.fullmatch(each[1])] == []


def test_the_step_of_every_change_runs_bandit() -> None:
    assert "-m bandit" in (ROOT / ".ci" / "run").read_text()
