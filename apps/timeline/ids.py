"""Where primary keys come from."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """Return a new UUID version 7: unique anywhere, and in the order of time."""
    return uuid7()
