"""The command line against the running instance: the kill switch by hand, and the record's own verdict."""

from __future__ import annotations

import time

from tests.acceptance.client import told
from tests.acceptance.instance import Product
from tests.acceptance.world import GOOD, World


def test_the_kill_switch_can_be_thrown_from_the_command_line(product: Product, world: World) -> None:
    place = ("--organisation", "acme", "--service", world.slug, "--environment", "production")
    product.portal("freeze", "--user", world.people.founder.who, "--reason", "By hand", *place)
    key = world.start("only-hosting")
    time.sleep(2)  # what must not come is waited for
    assert world.vercel.writes == []
    asker, second = world.people.commander.who, world.people.lead.who
    product.portal("unfreeze", "--user", asker, "--second", second, "--reason", "All clear", *place)
    done = world.people.commander.wait(key)
    assert done["state"] == "succeeded", told(done)
    assert world.effects() == {"hosting": [f"rollback {GOOD}"]}


def test_the_record_is_whole(product: Product, world: World) -> None:
    world.people.commander.wait(world.start("only-flags"))
    product.portal("audit", "verify")
