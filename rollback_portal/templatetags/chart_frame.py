"""Where things lie in a chart: the scale of its two axes, and the readings thinned to what a screen can show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

ABOVE, PLOT, BELOW = 46.0, 126.0, 24.0  # px: words of events, the plot, words of the clock
POINTS = 300  # at most this many points in the line
GRID_STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 25]  # percent between hairlines

Point = tuple[datetime, float | None]


@dataclass(frozen=True)
class Frame:
    """Where instants and values lie: `start` and `end` of the time axis, `upper` end of the value axis, `top` in px."""

    start: datetime
    end: datetime
    upper: float
    top: float

    @property
    def bottom(self) -> float:
        """Where zero lies, in pixels from the top."""
        return self.top + PLOT

    @property
    def height(self) -> float:
        """Of the whole picture, in pixels."""
        return self.bottom + BELOW

    def x(self, moment: datetime) -> float:
        """Percent from the left."""
        return round(100 * (moment - self.start) / (self.end - self.start), 2)

    def y(self, value: float) -> float:
        """Pixels from the top."""
        return round(self.bottom - PLOT * min(value, self.upper) / self.upper, 1)


def thinned(points: Sequence[Point]) -> list[Point]:
    """At most about POINTS readings, the newest among them."""
    step = max(1, len(points) // POINTS)
    return [*points[:-1:step], points[-1]]


def framed(
    points: Sequence[Point],
    events: Sequence[Mapping[str, Any]],
    limit: float | None,
    now: datetime,
    upper: float | None,
) -> Frame:
    """The scale that shows the readings, the limit and the events; an event long before the readings is left out."""
    span = max(now - points[0][0], timedelta(minutes=2))
    shown = [event["at"] for event in events if event["at"] >= points[0][0] - span * 0.4]
    start = min([points[0][0], *[moment - span * 0.02 for moment in shown]])
    values = [value for _, value in points if value is not None]
    falling = bool(values) and values[-1] < 0.6 * max(values)
    peak = max([*values, (limit or 0) * 1.4, 0.3])
    step = next((step for step in GRID_STEPS if step * 4 >= peak), 25)
    return Frame(
        start,
        max(now, points[-1][0]) + span * (0.15 if falling else 0.07),
        upper or (100 if step == 25 else step * 4),
        ABOVE if events else 16.0,
    )
