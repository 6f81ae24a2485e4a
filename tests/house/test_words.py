"""The project speaks of itself alone: no place on one machine, no address of a mirror, nothing left undone."""

from __future__ import annotations

import re

from tests.house.sources import texts

# Each pattern is written so that it does not find itself.
NOT_HERE = {
    "a place on one machine": r"(?<![\w./>-])/(?:wor[k]|hom[e]/\w|User[s]/\w|roo[t]/|mn[t]/|va[r]/folders)",
    "a folder beside the project": r"\.\./share[d]\b|\bshare[d]/(?:reference|seeds|look|design|contract)",
    "where packages come from": r"index-ur[l] *=|extra-inde[x]|https?://(?:registr[y]|pyp[i]|mirro[r])\b",
    "something left undone": r"\bTO[D]O\b|\bFIXM[E]\b|\bXX[X]\b|\bHAC[K]\b",
}
# What speaks of such a word on purpose.
ON_PURPOSE = {
    ("apps/playbooks/lint_whole.py", "something left undone"): "finds placeholders that authors forgot",
}


def test_nothing_speaks_of_anything_but_the_project() -> None:
    found = [
        f"{name}:{text[: hit.start()].count(chr(10)) + 1} {what}: {hit[0]}"
        for name, text in texts()
        for what, pattern in NOT_HERE.items()
        for hit in re.finditer(pattern, text)
        if (name, what) not in ON_PURPOSE
    ]
    assert found == []
