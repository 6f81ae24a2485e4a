"""Wait for something that the outside shows."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


def until(look: Callable[[], Any], right: Callable[[Any], bool] = bool, within: float = 30.0) -> Any:
    """Return what `look` gives once it is `right`. Raises AssertionError after `within` seconds."""
    give_up_at = time.monotonic() + within
    while not right(found := look()):
        assert time.monotonic() < give_up_at, found
        time.sleep(0.05)  # another process decides; there is nothing to wait on
    return found
