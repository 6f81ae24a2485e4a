"""The tables of docs/ that are written from the code. `python -m tests.house.tables` puts them into place."""

from __future__ import annotations

import os
import re
from importlib import import_module
from typing import Any

from tests.house.sources import DOCS, ROOT

MARKS = {"events.md": "events", "api.md": "operations"}


def events() -> str:
    """Return the table of every kind of event, in the order of its name."""
    for path in sorted((ROOT / "apps").glob("*/events.py")):
        import_module(f"apps.{path.parent.name}.events")
    from apps.timeline.kinds import KINDS

    told = [
        f"| `{kind.name}` | {kind.sentence} | {kind.visibility} |"
        for name, kind in sorted(KINDS.items())
        if not name.startswith("test.")
    ]
    return "\n".join(["| kind | sentence | who may read |", "|---|---|---|", *told])


def operations() -> str:
    """Return the table of every operation of the API."""
    from rollback_portal.api import api

    document: dict[str, Any] = api.get_openapi_schema()
    told = [
        f"| `{method.upper()} {path.removeprefix('/api/v1')}` | {operation['summary']} |"
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    return "\n".join(["| method and path | what it does |", "|---|---|", *told])


def between(text: str, mark: str) -> str:
    """Return what stands between the marks of a table."""
    found = re.search(rf"<!-- {mark} -->\n(.*?)<!-- end -->", text, re.DOTALL)
    assert found, f"There is no mark <!-- {mark} -->."
    return found[1].strip()


def write() -> None:
    """Put every table into its document."""
    for name, mark in MARKS.items():
        path = DOCS / name
        text = path.read_text()
        head, rest = text.split(f"<!-- {mark} -->\n", 1)
        foot = rest[rest.index("<!-- end -->") :]
        table = {"events": events, "operations": operations}[mark]()
        path.write_text(f"{head}<!-- {mark} -->\n{table}\n{foot}")


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rollback_portal.settings")
    os.environ.setdefault("SECRET_KEY", "for-the-tables-only")
    os.environ.setdefault("DATABASE_URL", "postgresql://localhost/none")
    import django

    django.setup()
    write()
