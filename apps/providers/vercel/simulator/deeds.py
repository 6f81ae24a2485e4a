"""What happens at Vercel by other hands: a push, a removed deployment, somebody moving production."""

import hashlib
from collections.abc import Callable
from typing import Any

from ...simulation import traffic
from ...simulation.organisations import Release, ordered
from ...simulation.world import World
from . import routes, variables, webhooks
from .beginning import add, described, new_deployment


def push(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """A new production deployment; on a pinned project it stays STAGED, else it goes live."""
    state = world.state("vercel")
    project = state["projects"][order["project"]]
    number = sum(1 for d in state["deployments"].values() if d["project"] == project["id"]) + 1
    release = Release(
        version=order["version"],
        deployment=order.get("deployment") or f"dpl_{project['name'].title().replace('-', '')}{number:02d}",
        commit=order.get("commit") or hashlib.sha256(f"{project['id']}{number}".encode()).hexdigest()[:7],
        author=order.get("author") or "Tom Okafor",
        age=0,
        message=order.get("message") or f"Release {order['version']}",
        broken=bool(order.get("broken")),
        state="STAGED",
    )
    ready_at = world.now_ms() + int(float(order.get("build_seconds", 0)) * 1000)
    deployment = {**new_deployment(project, release, ready_at, ready="BUILDING"), "ready_at": ready_at}
    deployment["substate"] = None
    deployment["env"] = variables.now(project, "production")
    state["deployments"][release.deployment] = deployment
    traffic.finish_builds(state, world.now_ms())
    return {"deployment": release.deployment, "substate": deployment["substate"]}


def remove(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """Deletes a deployment; from then on it is 410."""
    world.state("vercel")["deployments"][order["deployment"]]["removed"] = True
    return {"removed": order["deployment"]}


def fail_build(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """Lets the build of a deployment that is not ready yet end with an error."""
    deployment = world.state("vercel")["deployments"][order["deployment"]]
    if deployment["state"] == "READY":
        raise LookupError(f"{deployment['id']} is built already.")
    deployment["state"], deployment["ready_at"] = "ERROR", None
    return {"state": "ERROR"}


def move(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """Somebody else points every production address to another deployment, at once and without a job."""
    state = world.state("vercel")
    project = state["projects"][order["project"]]
    if order["deployment"] not in state["deployments"]:
        raise LookupError(f"No deployment {order['deployment']!r}.")
    for alias in project["aliases"]:
        traffic.point(project, alias, order["deployment"], world.now_ms())
    return {"live": traffic.current(project)}


def join(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """A new customer with a project of its own; returns how to connect to it."""
    state, organisation = world.state("vercel"), ordered(order)
    add(state, organisation, world.now())
    return described(state, organisation)


def look(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """What is live at a project, once a job that is due has moved it."""
    project = world.state("vercel")["projects"][order["project"]]
    traffic.settle(project, world.now_ms())
    return {"live": traffic.converged(project), "moving": traffic.running(project, world.now_ms())}


def pause(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """Somebody pauses the project."""
    world.state("vercel")["projects"][order["project"]].update(paused=True, autoAssignCustomDomains=False)
    return {"paused": True}


def add_rule(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """Somebody adds a routing rule: a draft, and live too unless `draft` says otherwise."""
    project = world.state("vercel")["projects"][order["project"]]
    made = routes.stage(world, project, [*routes.newest(project), routes.made(world, project, order["rule"])])
    if not order.get("draft"):
        routes.publish(world, project, made)
    return {"version": made["id"]}


DEEDS: dict[str, Callable[[World, dict[str, Any]], Any]] = {
    "push": push,
    "remove": remove,
    "fail_build": fail_build,
    "move": move,
    "pause": pause,
    "add_rule": add_rule,
    "deliveries": webhooks.deliveries,
    "join": join,
    "look": look,
}
