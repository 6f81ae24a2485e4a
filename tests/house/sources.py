"""What the rules of the house are read from: the project's own Python sources, templates and documents."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
DOCUMENTS = (ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "STYLE.md", *sorted(DOCS.rglob("*.md")))
NOT_OURS = {".git", ".venv", "node_modules", "__pycache__", "staticfiles", "vendor", ".hypothesis"}


def name_of(path: Path) -> str:
    """Return a file's name as people say it: from the project's folder, with slashes."""
    return path.relative_to(ROOT).as_posix()


@cache
def modules() -> dict[str, ast.Module]:
    """Return name → syntax tree of every module of the product, migrations left out."""
    found = sorted([*(ROOT / "apps").rglob("*.py"), *(ROOT / "rollback_portal").rglob("*.py")])
    return {name_of(path): ast.parse(path.read_text()) for path in found if "migrations" not in path.parts}


def length_of(name: str) -> int:
    """Return the number of lines of a file."""
    return len((ROOT / name).read_text().splitlines())


def places(name: str, nodes: Iterator[ast.AST]) -> list[str]:
    """Return "file:line" for each node."""
    return [f"{name}:{getattr(node, 'lineno', 0)}" for node in nodes]


def texts() -> Iterator[tuple[str, str]]:
    """Yield (name, text) of every text file of the project that we wrote ourselves."""
    for path in sorted(ROOT.rglob("*")):
        inside = path.relative_to(ROOT).parts
        if NOT_OURS & set(inside) or inside[0].startswith(".data") or "_cache" in inside[0] or not path.is_file():
            continue
        if path.suffix in {".lock", ".woff2", ".png", ".ico", ".pyc"} or path.name == "package-lock.json":
            continue
        try:
            yield name_of(path), path.read_text()
        except UnicodeDecodeError:
            continue


def document(name: str) -> str:
    """Return the text of a document below docs/."""
    return (DOCS / name).read_text()


def section(text: str, title: str) -> str:
    """Return what stands under the heading `title`, up to the next heading of the same depth or above."""
    found = re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^#{{1,2}} |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"There is no heading “{title}”."
    return found[2]


def rows(text: str) -> list[list[str]]:
    """Return the cells of every table row of a Markdown text, heads and rules left out."""
    lines = [line.strip() for line in text.splitlines() if line.strip().startswith("|")]
    table = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))] for line in lines]
    rules = {number for number, cells in enumerate(table) if all(re.fullmatch(r":?-+:?", cell) for cell in cells)}
    return [cells for number, cells in enumerate(table) if number not in rules and number + 1 not in rules]


def quoted(text: str) -> list[str]:
    """Return everything that stands in backticks."""
    return re.findall(r"`([^`\n]+)`", text)
