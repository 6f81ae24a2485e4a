"""People and roles, for programs."""

from ninja import Router

router = Router(tags=["people"])
