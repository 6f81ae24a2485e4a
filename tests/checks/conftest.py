"""The stage of check tests: the portal of Motion Mavericks, whose broken release is live outside."""

from __future__ import annotations

import pytest

from tests.incidents.factories import place

GOOD = "dpl_4Hc9nWbK"


@pytest.fixture
def environment(db, outside):
    site = f"{outside.address('site')}/motion-mavericks"
    return place(public_url=site, serving={"path": "/api/health", "header": "x-version"})


@pytest.fixture
def heal(outside):
    """Let the good release serve everywhere, by other hands."""

    def by_other_hands():
        outside.do("vercel", "move", project="prj_portal", deployment=GOOD)
        outside.advance(60)

    return by_other_hands
