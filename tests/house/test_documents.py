"""Documents cannot rot: what they name exists, and what exists is named."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from django.core.management import get_commands

from apps.playbooks import parsing, placeholders, schema
from apps.providers.registry import BUILT_IN, provider
from apps.rollbacks.states import ATTEMPT_MOVES, ROLLBACK_MOVES, STEP_MOVES
from tests.house import tables
from tests.house.sources import DOCUMENTS, ROOT, document, modules, name_of, quoted, rows, section

VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{2,}")
PLACE = re.compile(r"((?:apps|rollback_portal|tests|templates|static|bin|playbooks)/[\w./-]*\w)(?:: (\w+)\(\))?")
PICTURE = re.compile(r"images/[\w-]+\.png")
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
LINK = re.compile(r"\]\(([^)\s]+)\)")


# --- links and names of files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_every_link_leads_somewhere(path: Path) -> None:
    broken = []
    for link in LINK.findall(path.read_text()):
        file, _, anchor = link.partition("#")
        if re.match(r"https?:", link):
            continue
        there = (path.parent / file).resolve() if file else path
        if not there.exists() or (anchor and anchor not in _anchors(there)):
            broken.append(link)
    assert broken == []


def _anchors(path: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_every_file_and_function_that_is_named_exists(path: Path) -> None:
    missing = []
    for place, function in (found for word in quoted(path.read_text()) if (found := _place(word))):
        if not (ROOT / place).exists():
            missing.append(place)
        elif function and function not in _functions(place):
            missing.append(f"{place}: {function}()")
    assert missing == []


def _place(word: str) -> tuple[str, str] | None:
    found = PLACE.fullmatch(word.split("::")[0])
    return (found[1], found[2] or "") if found else None


def _functions(name: str) -> set[str]:
    return {node.name for node in ast.walk(modules()[name]) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_the_map_names_every_document() -> None:
    told = set(LINK.findall(document("index.md")))
    here = {path.relative_to(ROOT / "docs").as_posix() for path in DOCUMENTS if "docs" in path.parts} - {"index.md"}
    assert here <= told


# --- operate.md ------------------------------------------------------------------------------------------------------


def variables_read() -> set[str]:
    """Return every environment variable that the product, its scripts or its compose file read."""
    found = {name for tree in modules().values() for name in _asked_of_the_environment(tree)}
    found |= set(re.findall(r"\$\{([A-Z_]+):?-?\}", (ROOT / "rollback_portal/instance/start.sh").read_text()))
    found |= set(re.findall(r"(?<!\$)\$\{([A-Z_]+):", (ROOT / "docker-compose.yml").read_text()))
    return found


def _asked_of_the_environment(tree: ast.AST) -> Iterator[str]:
    """Yield the names given to env.text() and its like, os.environ.get(), os.environ[…] and os.environ.setdefault()."""
    for node in ast.walk(tree):
        asked: list[ast.expr] = []
        if isinstance(node, ast.Call) and node.args:
            if re.fullmatch(r"(os\.environ|env)\.(get|setdefault|text|flag|words|required)", ast.unparse(node.func)):
                asked = node.args[:1]
        elif isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
            asked = [node.slice]
        yield from (part.value for part in asked if isinstance(part, ast.Constant) and isinstance(part.value, str))


def variables_told() -> set[str]:
    """Return every variable of the tables under "Environment variables"."""
    told = rows(section(document("operate.md"), "Environment variables"))
    return {word for cells in told for word in quoted(cells[0]) if VARIABLE.fullmatch(word)}


def test_every_environment_variable_is_in_operate_md_and_no_other() -> None:
    assert variables_told() - variables_read() == set()
    assert variables_read() - variables_told() == set()


def own_commands() -> set[str]:
    """Return the management commands that are ours, and the simulators, which bin/portal starts by itself."""
    ours = {name for name, app in get_commands().items() if str(app).startswith(("apps.", "rollback_portal"))}
    return ours | {"simulators"}


def test_every_command_is_in_operate_md_and_no_other() -> None:
    told = {cells[0].strip("`").split()[1] for cells in rows(section(document("operate.md"), "Commands"))}
    assert told == own_commands()


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_every_command_that_is_named_exists(path: Path) -> None:
    named = set(re.findall(r"bin/portal ([a-z][a-z-]+)", path.read_text()))
    named |= set(re.findall(r"manage\.py ([a-z][a-z-]+)", path.read_text()))
    assert named - own_commands() - set(get_commands()) == set()


# --- providers, events, operations -----------------------------------------------------------------------------------


def test_every_provider_is_told_with_its_folder_and_readme() -> None:
    told = {
        quoted(cells[0])[0]: cells[1] for cells in rows(section(document("add-a-provider.md"), "The ones there are"))
    }
    folders = {slug: path.rsplit(".", 2)[0].replace(".", "/") for slug, path in BUILT_IN.items()}
    assert told == {slug: f"[{folder}](../{folder}/README.md)" for slug, folder in folders.items()}
    silent = [
        f"{folder}/README.md: {action.name}"
        for slug, folder in folders.items()
        for action in provider(slug).actions
        if f"`{action.name}(" not in (ROOT / folder / "README.md").read_text()
    ]
    assert silent == []


@pytest.mark.parametrize(("name", "mark", "table"), [
    ("events.md", "events", tables.events),
    ("api.md", "operations", tables.operations),
])  # fmt: skip
def test_tables_are_as_the_code_says(name: str, mark: str, table: object) -> None:
    assert callable(table)
    assert tables.between(document(name), mark) == table(), "Run: python -m tests.house.tables"


# --- how-a-rollback-runs.md ------------------------------------------------------------------------------------------


def test_the_tables_of_states_are_the_tables_of_moves() -> None:
    told: list[tuple[set[str], set[str]]] = []
    for cells in rows(section(document("how-a-rollback-runs.md"), "States")):
        told.append((set(quoted(cells[0])), set(quoted(cells[1]))))
    moves = [
        (str(state), set(map(str, to)))
        for table in (ROLLBACK_MOVES, STEP_MOVES, ATTEMPT_MOVES)
        for state, to in table.items()
    ]
    assert sorted((state, sorted(to)) for states, to in told for state in states) == sorted(
        (state, sorted(to)) for state, to in moves
    )


def test_every_failpoint_place_is_in_the_engine() -> None:
    from apps.rollbacks.failpoints import NAMES

    used = {
        node.args[0].value
        for tree in modules().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "failpoint"
        and isinstance(node.args[0], ast.Constant)
    }
    assert used == set(NAMES)


# --- write-a-playbook.md ---------------------------------------------------------------------------------------------


def test_every_placeholder_is_told_and_no_other() -> None:
    told = {
        word for cells in rows(section(document("write-a-playbook.md"), "Placeholders")) for word in quoted(cells[0])
    }
    assert told == set(placeholders.KNOWN)


def test_every_field_of_a_playbook_is_told_and_no_other() -> None:
    text = document("write-a-playbook.md")
    heads = (
        "Fields of the playbook",
        "Who must agree",
        "Steps",
        "Inputs, messages, checklists",
    )
    told = {word for head in heads for cells in rows(section(text, head)) for word in quoted(cells[0])}
    known = set(_fields(schema.json_schema()))
    assert told - known == set()
    assert known - told - set(quoted(text)) - _inner(text) == set()


def _fields(of: object) -> Iterator[str]:
    """Yield the names of every field that a schema knows, at any depth."""
    if isinstance(of, dict):
        for name, child in of.items():
            if name == "properties" and isinstance(child, dict):
                yield from child
            yield from _fields(child)
    elif isinstance(of, list):
        for child in of:
            yield from _fields(child)


def _inner(text: str) -> set[str]:
    """Return the words of `{a, b, c}`: the fields of what stands inside a list."""
    return {word.strip() for inner in re.findall(r"`\{([^}]+)\}`", text) for word in inner.split(",")}


EXAMPLES = re.findall(r"```yaml\n(.*?)```", document("write-a-playbook.md"), re.DOTALL)


@pytest.mark.parametrize("text", EXAMPLES, ids=["the least", "a fuller one"])
def test_every_playbook_of_the_documents_can_be_read(text: str) -> None:
    definition = parsing.parse(text)
    assert definition.steps


def test_the_fuller_playbook_uses_every_field() -> None:
    used = set(_keys(yaml.safe_load(EXAMPLES[1]))) | {"with"}
    assert set(_fields(schema.json_schema())) - used - {"description", "P1", "P2", "P3"} == set()


def _keys(of: object) -> Iterator[str]:
    if isinstance(of, dict):
        for name, child in of.items():
            yield str(name)
            yield from _keys(child)
    elif isinstance(of, list):
        for child in of:
            yield from _keys(child)


# --- README and pictures ---------------------------------------------------------------------------------------------


def test_the_map_of_the_house_names_every_app_in_the_order_of_imports() -> None:
    told = [quoted(cells[0])[0] for cells in rows(section((ROOT / "README.md").read_text(), "The map of the house"))]
    assert sorted(told) == sorted(path.name for path in (ROOT / "apps").iterdir() if (path / "apps.py").exists())
    layers = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]["layers"]
    depth = {name.removeprefix("apps."): at for at, layer in enumerate(layers) for name in layer.split(" | ")}
    assert sorted(told, key=lambda name: -depth[name]) == told


def test_every_door_that_the_map_names_exists() -> None:
    functions = {node.name for tree in modules().values() for node in ast.walk(tree) if isinstance(node, DEFINITIONS)}
    readme = section((ROOT / "README.md").read_text(), "The map of the house")
    doors = {word.removesuffix("()") for cells in rows(readme) for word in quoted(cells[2]) if word != "lifecycle"}
    assert doors - functions == set()


def test_pictures_are_small_and_shown() -> None:
    shown = {Path(link).name for path in DOCUMENTS for link in PICTURE.findall(path.read_text())}
    here = {path.name: path.stat().st_size for path in (ROOT / "docs" / "images").iterdir()}
    assert set(here) == shown
    assert {name: size for name, size in here.items() if size > 150_000} == {}
