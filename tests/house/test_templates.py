"""Rules of templates: nothing inline, nothing unescaped, and one root for each fragment that the stream replaces."""

from __future__ import annotations

import re

import pytest

from tests.house.roots import Roots
from tests.house.sources import ROOT

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
NAMES = [path.relative_to(ROOT / "templates").as_posix() for path in TEMPLATES]
INLINE = {
    "a script": re.compile(r"<script(?![^>]*\bsrc=)", re.IGNORECASE),
    "a style": re.compile(r"<style\b|\sstyle\s*=", re.IGNORECASE),
    "a handler": re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "a script address": re.compile(r"javascript:", re.IGNORECASE),
}
UNESCAPED = re.compile(r"\|\s*safe(?:seq)?\b|\{%\s*autoescape\s+off")
PARTIAL = re.compile(r'<hx-partial hx-target="#([^"]+)" hx-swap="outerMorph">\s*\{%\s*include "([^"]+)"')


def source(name: str) -> str:
    """Return a template without its comments."""
    text = (ROOT / "templates" / name).read_text()
    return re.sub(r"\{%\s*comment.*?endcomment\s*%\}|\{#.*?#\}", "", text, flags=re.DOTALL)


def fragments() -> list[tuple[str, str]]:
    """Return (root's id, template) of everything a stream sends."""
    return sorted({(found[1], found[2]) for name in NAMES for found in PARTIAL.finditer(source(name))})


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_inline_and_nothing_goes_unescaped(name: str) -> None:
    text = source(name)
    found = [what for what, pattern in INLINE.items() if pattern.search(text)]
    found += ["unescaped text"] if UNESCAPED.search(text) else []
    assert found == []


def test_the_stream_sends_fragments() -> None:
    assert len(fragments()) >= 10


@pytest.mark.parametrize(("target", "name"), fragments(), ids=[name for _, name in fragments()])
def test_a_fragment_has_one_root_whose_id_is_what_the_stream_replaces(target: str, name: str) -> None:
    reader = Roots(re.sub(r"\{%.*?%\}", "", source(name), flags=re.DOTALL))
    plain = re.sub(r"\{\{.*?\}\}", "*", target)
    assert reader.loose == []
    assert len(reader.roots) == 1
    assert re.sub(r"\{\{.*?\}\}", "*", reader.roots[0] or "") == plain
