"""One door per kind of change: state, record, outside world, stream, raw HTML. Nobody goes around a door."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

import pytest

from tests.house.sources import modules, places

# Each table of moves has one function beside it that assigns a state.
STATE_DOORS = {
    "apps/approvals/deciding.py": "close() gives a question its final state",
    "apps/checklists/states.py": "move()",
    "apps/communications/delivering.py": "the claim of a message and what became of it",
    "apps/incidents/states.py": "move()",
    "apps/playbooks/states.py": "move()",
    "apps/rollbacks/moving.py": "move(), move_step(), move_attempt()",
    "apps/providers/simulation/traffic.py": "simulated deployments, which are plain dictionaries",
}
# Raw HTML that is written here and takes nothing from outside.
RAW_HTML = {
    "rollback_portal/templatetags/bars.py": "an attribute without a value in it",
    "rollback_portal/templatetags/charts.py": "a fixed sentence, and pieces that were escaped one by one",
}
# Imports inside functions hide which way they point. These two must wait until Django stands.
LATE_IMPORTS = {
    "rollback_portal/celery.py": "models can be imported only after the set-up",
    "rollback_portal/management/commands/prepare.py": "the demo is never loaded where it is not asked for",
}


def state_assignments(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield every assignment to `.state` and every update(state=…)."""
    for node in ast.walk(tree):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        flat = [part for target in targets for part in (target.elts if isinstance(target, ast.Tuple) else [target])]
        assigns = isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign)
        if assigns and any(isinstance(part, ast.Attribute) and part.attr == "state" for part in flat):
            yield node
        updates = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "update"
        if updates and any(keyword.arg == "state" for keyword in node.keywords):
            yield node


def written_events(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield every creation of an Event row."""
    creating = {f"Event.objects.{verb}" for verb in ("create", "bulk_create", "get_or_create", "update_or_create")}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in creating:
            yield node
        is_made = isinstance(node, ast.Call) and ast.unparse(node.func) == "Event"
        if is_made and any(keyword.arg == "kind" for keyword in node.keywords):  # threading has an Event as well
            yield node


def http_libraries(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield imports of anything that can call the outside."""
    outside = {"httpx", "requests", "urllib.request", "aiohttp", "urllib3", "slack_sdk.web", "slack_sdk"}
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        if any(name in outside or name.split(".")[0] in {"httpx", "requests", "aiohttp"} for name in names):
            yield node


def streaming_answers(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield every streaming answer that is built, not merely named as a type."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("StreamingHttpResponse", "FileResponse")):
            yield node


def raw_html(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield every text that is declared safe unseen."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in {
            "mark_safe",
            "SafeString",
            "SafeText",
        }:
            yield node


def late_imports(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield imports inside functions; an app's ready() is the place where it registers, and may."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and function.name != "ready":
            yield from (node for node in ast.walk(function) if isinstance(node, ast.Import | ast.ImportFrom))


DOORS = [
    pytest.param(state_assignments, STATE_DOORS, id="a state is assigned by the function beside its table of moves"),
    pytest.param(written_events, {"apps/timeline/log.py": "record()"}, id="the record has one writer"),
    pytest.param(
        http_libraries, {"apps/providers/http.py": "the one HTTP module"}, id="the outside is called in one place"
    ),
    pytest.param(streaming_answers, {"apps/timeline/stream.py": "the hub"}, id="streams are built in one place"),
    pytest.param(raw_html, RAW_HTML, id="raw HTML is written in few places"),
    pytest.param(late_imports, LATE_IMPORTS, id="imports stand at the top"),
]


@pytest.mark.parametrize(("looking_for", "allowed"), DOORS)
def test_nobody_goes_around_a_door(
    looking_for: Callable[[ast.AST], Iterator[ast.AST]], allowed: dict[str, str]
) -> None:
    found = {name: here for name, tree in modules().items() if (here := places(name, looking_for(tree)))}
    around = [place for name, here in found.items() if name not in allowed for place in here]
    assert around == []
    assert set(allowed) == set(found), "A door that is no longer used must be taken off the list."
