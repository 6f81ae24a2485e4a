"""Who asks the Linear simulator, how it refuses, and what it says of its budgets."""

from typing import Any

from ...simulation.graphql import Problem
from ...simulation.messages import Request, Response, answer
from ...simulation.world import Refusal, World

Workspace = dict[str, Any]
HOUR = 3600
KINDS = {
    400: "invalid input",
    401: "authentication error",
    402: "usage limit exceeded",
    403: "forbidden",
    404: "invalid input",
    405: "graphql error",
    422: "invalid input",
    429: "ratelimited",
    503: "network error",
}
CODES = {"authentication error": "AUTHENTICATION_ERROR", "ratelimited": "RATELIMITED", "forbidden": "FORBIDDEN"}
BEARER = "It looks like you're trying to use an API key as a Bearer token. Remove the Bearer prefix from the header."


def error(kind: str, message: str, words: str = "") -> dict[str, Any]:
    """One entry of `errors`, with the extensions that the SDK reads."""
    user = kind in ("invalid input", "user error", "usage limit exceeded", "authentication error")
    told = {"userPresentableMessage": words or message} if user else {}
    code = CODES.get(kind, "INPUT_ERROR" if user else "INTERNAL_SERVER_ERROR")
    return {"message": message, "extensions": {"type": kind, "code": code, "userError": user, **told}}


def problem(kind: str, message: str, words: str = "") -> Problem:
    """The same, to be raised for one field."""
    made = error(kind, message, words)
    return Problem(made["message"], extensions=made["extensions"])


def refuse(refusal: Refusal) -> Response:
    """An error of the whole request."""
    kind = KINDS.get(refusal.status, "internal error" if refusal.status >= 500 else "invalid input")
    extra = {"retry_after": refusal.retry_after} if refusal.retry_after else {}
    return answer(refusal.status, {"errors": [error(kind, refusal.message)]}, **extra)


def guard(world: World, request: Request) -> Response | None:
    """Refuses a missing or unknown token, a key after Bearer or a token without, and an empty budget."""
    given = request.headers.get("authorization", "")
    bare = given.removeprefix("Bearer ")
    known = world.state("linear")["tokens"].get(bare)
    if known is None:
        return answer(401, {"errors": [error("authentication error", "Authentication required, not authenticated")]})
    if (given != bare) is not known["oauth"]:
        return answer(
            400, {"errors": [error("authentication error", BEARER if given != bare else "Bearer is missing")]}
        )
    habits = world.settings("linear")
    if habits["requests_left"] <= 0:
        return answer(habits["limit_status"], {"errors": [error("ratelimited", "Rate limit exceeded")]})
    return None


def finish(world: World, request: Request, response: Response) -> Response:
    """Puts the budgets on an answer."""
    habits = world.settings("linear")
    reset = int(world.now()) + 30
    left = max(habits["requests_left"], 0)
    told = {"requests-limit": 1500, "requests-remaining": left, "complexity-limit": 250000}
    told |= {"complexity-remaining": 249000, "requests-reset": reset * (1000 if habits["reset_in"] == "ms" else 1)}
    response.headers = {**{f"x-ratelimit-{name}": str(value) for name, value in told.items()}, **response.headers}
    return response


def workspace_of(world: World, request: Request) -> Workspace:
    """The workspace whose token was sent (the guard has let it in)."""
    state = world.state("linear")
    token = request.headers["authorization"].removeprefix("Bearer ")
    found: Workspace = state["workspaces"][state["tokens"][token]["organisation"]]
    return found


def writing(world: World) -> None:
    """Raises a problem when the token may only read."""
    if world.settings("linear")["rights"] == "read":
        raise problem("forbidden", "Invalid scope: `write` required")
