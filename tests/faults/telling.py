"""A campaign's outcome in words and figures."""

from __future__ import annotations

from collections.abc import Iterator

from tests.faults.campaign import Outcome

SHOWN = 25
EXPLAINED = 12  # violations that are shown with all that is known of them


def report(outcome: Outcome) -> Iterator[str]:
    """Yield the lines that are printed at the end."""
    tally, verdict = outcome.tally, outcome.verdict
    found, recoveries = verdict["violations"], verdict["recoveries"]
    yield f"seed {outcome.wish.seed}"
    yield f"executions {tally.executions}: " + ", ".join(f"{n} {state}" for state, n in tally.ends.most_common())
    yield f"faults {tally.injected}: " + ", ".join(f"{kind} {n}" for kind, n in sorted(tally.kinds.items()))
    yield f"with production's clocks: {outcome.in_production} of the executions"
    if outcome.failpoints:
        yield "failpoints: " + ", ".join(f"{name} {n}" for name, n in sorted(outcome.failpoints.items()))
    yield (
        f"evidence: {verdict['runs']} rollbacks, {verdict['attempts']} attempts, {verdict['journal']} requests "
        f"outside, {verdict['events']} records, checked in {verdict['seconds']:.1f} s"
    )
    yield (
        f"viewers {verdict['viewers']}: {verdict['shown']} events over {verdict['lines']} lines; "
        f"{verdict['anchors']} anchors and {verdict['sightings']} sightings of runs kept outside"
    )
    share = 100 * verdict["overlapping"] / max(1, verdict["runs"])
    yield f"two or more faults in one life: {verdict['overlapping']} rollbacks ({share:.0f} %)"
    yield from _recovery("recovery", recoveries)
    yield from _recovery("recovery with production's clocks", verdict["production_recoveries"])
    needless = len(verdict["needless"])
    yield f"needless calls for a person: {needless} ({100 * needless / max(1, verdict['runs']):.2f} %)"
    yield from (f"  needless: {rollback}" for rollback in verdict["needless"][:SHOWN])
    yield from (f"  odd: {what}" for what in tally.odd[:SHOWN])
    yield f"violations {len(found)}"
    for number, one in enumerate(found):
        yield f"  {one['check']} {one['subject']}: {one['what']}"
        if number < EXPLAINED:
            yield from (f"      {line}" for line in verdict["about"].get(one["subject"], []))
    if not found and tally.executions:
        bound = 300 / tally.executions
        yield f"0 of {tally.executions}: at 95 % certainty at most {bound:.2f} % of such executions break a promise"
    yield f"wall time {outcome.seconds:.0f} s"


def _recovery(name: str, seconds: list[float]) -> Iterator[str]:
    if seconds:
        p50, p99, worst = (seconds[int((len(seconds) - 1) * share)] for share in (0.5, 0.99, 1.0))
        yield f"{name}, {len(seconds)} times: p50 {p50:.2f} s, p99 {p99:.2f} s, longest {worst:.2f} s"
