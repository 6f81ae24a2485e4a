"""Why this rule decided, as one sentence for the page and the plan. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from apps.approvals.rules import listed, seats, sentence
from apps.approvals.strictness import Candidate, Decision, rank

NOTHING_ASKS = "Nobody needs to agree: no rule here asks for it"
SHOWN = 2  # names of other rules; the page shows them all


def because(decision: Decision | None, names: Mapping[str, str]) -> str:
    """Return who must agree and by which rule, and what it won over. `names` maps a role to its name."""
    if decision is None:
        return f"{NOTHING_ASKS}."
    winner = decision.winner
    said = [f"{sentence(winner.demand, names)}: {_asks(winner)}"]
    if decision.stepped_back:
        said.append(f"a rule for the procedure wins over {_named(decision.stepped_back)}")
    if decision.not_for_restores:
        said.append(f"{_named(decision.not_for_restores)} does not suffice for a restore")
    others = [one for one in decision.milder if seats(one.demand) != seats(winner.demand)]
    if milder := [one for one in others if rank(one) < rank(winner)]:
        said.append(f"it is stricter than {_named(milder)}")
    if alike := [one for one in others if rank(one) == rank(winner)]:
        said.append(f"it is as strict as {_named(alike)}, so their names decide")
    return f"{', and '.join(said)}." if len(said) < 3 else f"{'; '.join(said)}."


def _asks(winner: Candidate) -> str:
    when = f"at {listed(list(winner.severities), 'and')}" if winner.severities else "at any severity"
    if winner.own:
        return f"“{winner.name}” {'asks for it' if winner.asks else 'says so'}"
    return f"“{winner.name}” {'asks for it' if winner.asks else 'says so'} {when}"


def _named(others: Sequence[Candidate]) -> str:
    shown = [f"“{one.name}”" for one in others[:SHOWN]]
    more = len(others) - len(shown)
    return listed([*shown, f"{more} more"] if more else shown, "and")
