"""Write sample data as short tables."""

from __future__ import annotations

from typing import Any


def rows(names: str, *values: tuple[Any, ...]) -> list[dict[str, Any]]:
    """One dictionary per tuple, with the names in order; a tuple may be shorter than the names."""
    return [dict(zip(names.split(), row, strict=False)) for row in values]
