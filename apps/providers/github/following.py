"""Start a workflow that does not know our marker, and follow its run as well as can be.

GitHub tells which run an order started, or a list of runs has a new one that it did not have before. Both are known
only to the process that sent the order, so after its end nobody can tell, and nothing is ever sent a second time.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from apps.providers.base import Access, Call, Observation, Outcome, Seen, Sending
from apps.providers.calling import Denied
from apps.providers.endings import dig
from apps.providers.github.deeds import Deed, prepared
from apps.providers.github.running import inputs_of, judged, name_of, run_seen, runs_of, start, verify
from apps.providers.github.wire import ask_if_there

REMEMBERED = 1000


@dataclass(frozen=True)
class Order:
    """What is known of an order that was sent: the run that GitHub named, and the runs that were there before."""

    before: frozenset[Any] | None  # None where the list could not be had
    run: int | None = None


class Orders:
    """The last orders of this process, by the key of their step. One dict operation at a time is safe for threads."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Order] = OrderedDict()

    def keep(self, key: str, order: Order) -> None:
        """Remember an order; the oldest ones are forgotten."""
        self._known[key] = order
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    def of(self, key: str) -> Order | None:
        """Return the order of a step, or None."""
        return self._known.get(key)


ORDERS = Orders()


def _observe(access: Access, call: Call, sending: Sending | None) -> Observation:
    order = ORDERS.of(sending.idempotency_key) if sending else None
    if order is None:
        runs_of(access, call)  # says now what could not be read later
        return Observation(Seen.OTHER, f"No run of {name_of(call)} by this step is known here.", {"run": "unknown"})
    run = _run_of(access, call, order)
    if run is None:
        return Observation(Seen.OTHER, f"The run of {name_of(call)} does not show yet.", {"run": "unknown"})
    return run_seen(call, run)


def _apply(access: Access, call: Call, sending: Sending) -> Outcome:
    order = Order(prepared(partial(_listed_now, access, call)))
    ORDERS.keep(sending.idempotency_key, order)
    answer, ref = start(access, call, sending, inputs_of(call))
    outcome = judged(access, call, answer, ref)
    if isinstance(run := outcome.evidence.get("run"), int):
        ORDERS.keep(sending.idempotency_key, replace(order, run=run))
    return outcome


def _listed_now(access: Access, call: Call) -> frozenset[Any] | None:
    try:
        return frozenset(dig(run, "id") for run in runs_of(access, call))
    except Denied:
        return None  # the order itself will say what is wrong, or which run it started


def _run_of(access: Access, call: Call, order: Order) -> Any:
    """Return the run of an order; of several new ones nobody can tell which is ours. Raises ProviderError."""
    if order.run is not None:
        return ask_if_there(access, f"/actions/runs/{order.run}", what=f"The run {order.run}")  # it may come late
    if order.before is None:
        raise Denied("GitHub did not say which run it started, and the token may not list the runs.")
    new = [run for run in runs_of(access, call) if dig(run, "id") not in order.before]
    if len(new) > 1:
        raise Denied(f"{len(new)} runs of {name_of(call)} were started since: which one is ours cannot be told.")
    return new[0] if new else None


UNMARKED = Deed(_observe, _apply, verify)
