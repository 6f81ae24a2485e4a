"""What happens at GitHub by other hands: a commit, a protection, a new customer."""

from collections.abc import Callable
from typing import Any

from ...simulation.messages import Request
from ...simulation.organisations import ordered
from ...simulation.world import World
from . import beginning, history, pulls, pushing

Order = dict[str, Any]


def commit(world: World, order: Order) -> Order:
    """Somebody pushes a commit: {repository, branch?, message}."""
    repository = world.state("github")["repositories"][str(order["repository"]).lower()]
    ref = f"heads/{order.get('branch') or repository['default_branch']}"
    top, message = repository["refs"][ref], str(order["message"])
    tree = history.tree(repository, sorted({*history.changes_of(repository, top), message}))
    sha = history.commit(repository, tree_sha=tree, parents=[top], message=message, at=world.now())
    repository["refs"][ref] = sha
    pushing.pushed(world, repository, ref)
    return {"sha": sha}


def branch(world: World, order: Order) -> Order:
    """Somebody makes a branch where another one is, or with a commit of its own: {repository, branch, message?}."""
    repository = world.state("github")["repositories"][str(order["repository"]).lower()]
    repository["refs"][f"heads/{order['branch']}"] = repository["refs"][f"heads/{repository['default_branch']}"]
    return commit(world, order) if order.get("message") else {}


def propose(world: World, order: Order) -> Order:
    """Somebody opens a pull request from a branch with one commit: {repository, branch, message, body?}."""
    branch(world, order)
    repository = world.state("github")["repositories"][str(order["repository"]).lower()]
    request = Request("POST", "", {}, {}, b"")
    base = repository["default_branch"]
    made = pulls.make(world, request, repository, str(order["branch"]), base, order["message"], order.get("body"))
    return {"number": made["number"]}


def freeze(world: World, order: Order) -> Order:
    """Somebody makes a ruleset that lets nobody change the default branch: {repository, name}."""
    repository = world.state("github")["repositories"][str(order["repository"]).lower()]
    made = {"id": pushing.number(world), "name": order["name"], "target": "branch", "enforcement": "active"}
    made |= {"conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}}, "bypass_actors": []}
    repository["rulesets"].append({**made, "rules": [{"type": "update"}], "at": world.now()})
    return {"id": made["id"]}


def protect(world: World, order: Order) -> Order:
    """Somebody protects a branch: {repository, branch, force?, locked?}."""
    repository = world.state("github")["repositories"][str(order["repository"]).lower()]
    kept = {"force": bool(order.get("force")), "locked": bool(order.get("locked"))}
    repository["protections"][str(order["branch"])] = kept
    return kept


def join(world: World, order: Order) -> Order:
    """A new customer with a repository of its own."""
    organisation = ordered(order)
    beginning.add(world.state("github"), organisation, world.now())
    return beginning.described(world.state("github"), organisation)


DEEDS: dict[str, Callable[[World, Order], Any]] = {
    "commit": commit,
    "branch": branch,
    "propose": propose,
    "freeze": freeze,
    "protect": protect,
    "join": join,
}
