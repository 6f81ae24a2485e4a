"""Works out what an expression is at one moment: a number, or a list of labels with their numbers."""

import math
from collections.abc import Callable
from typing import Any

from .parsing import AGGREGATES, Applied, Selector, Unreadable
from .series import Moment, chosen

Labels = dict[str, str]
Vector = list[tuple[Labels, float]]
RANGES = ("rate", "increase", "count_over_time")


class Unfit(ValueError):
    """The expression cannot be worked out."""


def evaluated(tree: Any, moment: Moment) -> float | Vector:
    """The result of an expression. Raises `Unreadable` or `Unfit`."""
    if isinstance(tree, float):
        return tree
    if isinstance(tree, Selector):
        return _instant(tree, moment)
    if tree.name in AGGREGATES:
        return _aggregated(tree, moment)
    if tree.name in ("+", "-", "*", "/"):
        return _reckoned(tree.name, *(evaluated(each, moment) for each in tree.to))
    return _called(tree, moment)


def ranged(tree: Selector, moment: Moment) -> list[tuple[Labels, list[tuple[float, float]]]]:
    """Every sample of a range, one each minute, oldest first."""
    found: dict[tuple[tuple[str, str], ...], list[tuple[float, float]]] = {}
    for ago in range(int(tree.window) // 60 * 60, -1, -60):
        then = moment.before(ago)
        for labels, value in _instant(Selector(tree.name, tree.matchers), then):
            found.setdefault(tuple(sorted(labels.items())), []).append((then.at, value))
    return [(dict(labels), samples) for labels, samples in found.items()]


def _called(tree: Applied, moment: Moment) -> float | Vector:
    if tree.name in RANGES:
        return _over_time(tree, moment)
    if tree.name == "vector" and len(tree.to) == 1:
        return [({}, _number(evaluated(tree.to[0], moment)))]
    if tree.name == "scalar" and len(tree.to) == 1:
        found = evaluated(tree.to[0], moment)
        return found[0][1] if isinstance(found, list) and len(found) == 1 else math.nan
    if tree.name == "histogram_quantile" and len(tree.to) == 2:
        buckets = evaluated(tree.to[1], moment)
        return _quantiles(_number(evaluated(tree.to[0], moment)), buckets if isinstance(buckets, list) else [])
    raise Unreadable(f'1:1: parse error: unknown function with name "{tree.name}"')


def _instant(tree: Selector, moment: Moment) -> Vector:
    if tree.window:
        raise Unreadable("1:1: parse error: expected type instant vector, got range vector")
    if not moment.last(300):
        return []
    return [
        (one.labels, sum(map(one.grows, moment.today())) if one.level is None else one.level)
        for one in chosen(moment, tree.name, tree.matchers)
    ]


def _over_time(tree: Applied, moment: Moment) -> Vector:
    selector = tree.to[0] if tree.to else None
    if not isinstance(selector, Selector) or not selector.window:
        text = f'1:1: parse error: expected type range vector in call to function "{tree.name}", got instant vector'
        raise Unreadable(text)
    counted = moment.last(selector.window)
    if not counted:
        return []
    if tree.name == "count_over_time":
        samples = 60 / moment.world.settings("prometheus")["scrape_seconds"] * len(counted)
        return [(_unnamed(one.labels), samples) for one in chosen(moment, selector.name, selector.matchers)]
    by = selector.window if tree.name == "rate" else 1
    return [
        (_unnamed(one.labels), sum(map(one.grows, counted)) / by)
        for one in chosen(moment, selector.name, selector.matchers)
    ]


def _aggregated(tree: Applied, moment: Moment) -> Vector:
    found = evaluated(tree.to[0], moment)
    if not isinstance(found, list):
        raise Unreadable("1:1: parse error: expected type instant vector in aggregation expression, got scalar")
    groups: dict[tuple[tuple[str, str], ...], list[float]] = {}
    for labels, value in found:
        kept = tuple((name, labels[name]) for name in tree.by if name in labels)
        groups.setdefault(kept, []).append(value)
    how: dict[str, Callable[[list[float]], float]] = {
        "sum": sum,
        "count": len,
        "max": max,
        "min": min,
        "avg": lambda values: sum(values) / len(values),
    }
    return [(dict(kept), float(how[tree.name](values))) for kept, values in groups.items()]


def _reckoned(sign: str, left: float | Vector, right: float | Vector) -> float | Vector:
    if isinstance(left, float) and isinstance(right, float):
        return _reckon(sign, left, right)
    if isinstance(left, list) and isinstance(right, float):
        return [(_unnamed(labels), _reckon(sign, value, right)) for labels, value in left]
    if isinstance(left, float) and isinstance(right, list):
        return [(_unnamed(labels), _reckon(sign, left, value)) for labels, value in right]
    assert isinstance(left, list)
    assert isinstance(right, list)
    others = {tuple(sorted(_unnamed(labels).items())): value for labels, value in right}
    if len(others) < len(right):
        raise Unfit("found duplicate series for the match group on the right hand-side of the operation")
    keyed = [(_unnamed(labels), value) for labels, value in left]
    pairs = ((labels, value, others.get(tuple(sorted(labels.items())))) for labels, value in keyed)
    return [(labels, _reckon(sign, value, other)) for labels, value, other in pairs if other is not None]


def _reckon(sign: str, left: float, right: float) -> float:
    if sign == "/":
        if right == 0:
            return math.nan if left == 0 else math.copysign(math.inf, left)
        return left / right
    return {"+": left + right, "-": left - right, "*": left * right}[sign]


def _quantiles(share: float, buckets: Vector) -> Vector:
    groups: dict[tuple[tuple[str, str], ...], list[tuple[float, float]]] = {}
    for labels, value in buckets:
        others = tuple(sorted((name, text) for name, text in labels.items() if name not in ("le", "__name__")))
        groups.setdefault(others, []).append((float(labels.get("le", "nan").replace("+Inf", "inf")), value))
    return [(dict(others), _quantile(share, sorted(counts))) for others, counts in groups.items()]


def _quantile(share: float, counts: list[tuple[float, float]]) -> float:
    total = counts[-1][1]
    if not total or counts[-1][0] != math.inf:
        return math.nan
    below, floor = 0.0, 0.0
    for le, count in counts:
        if count >= share * total:
            return floor if le == math.inf else floor + (le - floor) * (share * total - below) / (count - below)
        below, floor = count, le
    return math.nan


def _unnamed(labels: Labels) -> Labels:
    return {name: value for name, value in labels.items() if name != "__name__"}


def _number(value: float | Vector) -> float:
    if isinstance(value, list):
        raise Unreadable("1:1: parse error: expected type scalar, got instant vector")
    return value
