"""Faults of the lines between parts (F9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.faults.rig import WORKERS

if TYPE_CHECKING:
    from tests.faults.injecting import Injector

PG_LINKS = (*(f"{name}-pg" for name in WORKERS), "web-pg")
VIEWERS = "viewers"


def _link(injector: Injector) -> str | None:
    link = injector.rng.choice((*PG_LINKS, *PG_LINKS[:2], "broker", "provider"))
    return None if link in injector.busy else link


def partition(injector: Injector) -> None:
    """F9: nothing gets through."""
    if link := _link(injector):
        injector.rig.links.silence(link)
        injector.heal_after(link, _while(injector, link), "F9", f"{link} silent", lambda: injector.rig.links.heal(link))


def one_way(injector: Injector) -> None:
    """F9: only questions or only answers get through."""
    if link := _link(injector):
        up = injector.rng.random() < 0.5
        injector.rig.links.silence(link, up=up, down=not up)
        what = f"{link} only {'out' if up else 'in'}"
        injector.heal_after(link, _while(injector, link), "F9", what, lambda: injector.rig.links.heal(link))


def slow_line(injector: Injector) -> None:
    """F9: everything takes longer."""
    if link := _link(injector):
        injector.rig.links.slow(link, injector.rng.uniform(0.005, 0.15))
        injector.heal_after(link, _while(injector, link), "F9", f"{link} slow", lambda: injector.rig.links.heal(link))


def reset_lines(injector: Injector) -> None:
    """F9: every connection breaks."""
    if link := _link(injector):
        held = injector.held(link.removesuffix("-pg"))
        if injector.rig.links.reset(link):
            injector.tally.fault("F9", f"{link} reset", affected=held)


def cut_after_bytes(injector: Injector) -> None:
    """F9: the next connection breaks in the middle."""
    link = injector.rng.choice((*PG_LINKS, "provider"))
    injector.rig.links.cut_after(link, injector.rng.randint(1, 4000))
    injector.tally.fault("F9", f"{link} cut after some bytes")


def cut_viewers(injector: Injector) -> None:
    """F9: everybody who watches loses their line, at once or in the middle of what they are told."""
    if VIEWERS in injector.busy:
        return
    if injector.rng.random() < 0.5:
        injector.rig.links.cut_after(VIEWERS, injector.rng.randint(1, 20_000))
    elif not injector.rig.links.reset(VIEWERS):
        return
    injector.tally.fault("F9", "viewers cut")


def silence_viewers(injector: Injector) -> None:
    """F9: those who watch hear nothing for a while, sometimes for longer than they wait for a heartbeat."""
    if VIEWERS not in injector.busy:
        injector.rig.links.silence(VIEWERS, up=True)
        seconds = injector.rng.uniform(0.5, 15.0)
        heal = injector.rig.links.heal
        injector.heal_after(VIEWERS, seconds, "F9", "viewers silent", lambda: heal(VIEWERS), hits=False)


def _while(injector: Injector, link: str) -> float:
    longest = 1.0 if link == "web-pg" else 5.0  # through the web every environment waits
    return min(longest, injector.rng.choice((0.3, 0.6, 1.0, 1.0, 2.0, 3.0, 5.0)))
