"""The engine's clocks: scaled down, so that a campaign tries more in less time, and as they are in production."""

from __future__ import annotations

CLOCKS = {
    "ENGINE_LEASE_SECONDS": "2",
    "ENGINE_HEARTBEAT_SECONDS": "0.4",
    "ENGINE_POLL_SECONDS": "0.2",
    "ENGINE_CALL_SECONDS": "1",
}
PRODUCTION_CLOCKS = {
    "ENGINE_LEASE_SECONDS": 30.0,
    "ENGINE_HEARTBEAT_SECONDS": 5.0,
    "ENGINE_POLL_SECONDS": 1.0,
    "ENGINE_CALL_SECONDS": 20.0,
}
