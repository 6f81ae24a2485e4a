"""The Clerk simulator: an instance with users for each organisation, counted, listed and looked at; signing keys.

Settings: `signing_keys` (1: how many there are). A list of users is a bare array.
"""

from ...simulation.world import Simulator
from .beginning import describe, start
from .instance import ROUTES, guard, refuse

SIMULATOR = Simulator(slug="clerk", routes=ROUTES, start=start, describe=describe, refuse=refuse, guard=guard)
