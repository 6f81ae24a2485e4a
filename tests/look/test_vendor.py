"""What we copied in is what it says it is, and a page stays light enough for a phone on a bad network."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re

from django.template.loader import render_to_string
from django.utils import timezone

from rollback_portal import gallery
from tests.look.conftest import ROOT

STATIC = ROOT / "static"


def test_vendored_files_match_their_table() -> None:
    table = dict(
        re.findall(r"\| `([\w.-]+\.js)` \|.*`(sha384-[^`]+)` \|", (STATIC / "vendor" / "README.md").read_text())
    )
    assert set(table) == {"htmx.min.js", "hx-sse.min.js"}
    for name, integrity in table.items():
        digest = hashlib.sha384((STATIC / "vendor" / name).read_bytes()).digest()
        assert f"sha384-{base64.b64encode(digest).decode()}" == integrity


def test_the_run_page_weighs_at_most_a_hundred_kilobytes_without_its_fonts() -> None:
    html = render_to_string("gallery/run.html", gallery.sample(timezone.now()))
    names = set(re.findall(r'(?:href|src)="/static/([^"#]+)', html))
    weight = len(gzip.compress(html.encode())) + sum(
        len(gzip.compress((STATIC / name).read_bytes())) for name in names if not name.endswith(".woff2")
    )
    assert weight <= 100_000


def test_the_first_fonts_weigh_at_most_sixty_kilobytes() -> None:
    assert (
        sum((STATIC / "fonts" / name).stat().st_size for name in ("inter-latin.woff2", "jetbrains-mono-latin.woff2"))
        <= 60_000
    )


def test_every_icon_that_is_asked_for_exists() -> None:
    sprite = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons" / "sprite.svg").read_text()))
    for page in gallery.PAGES:
        asked = set(
            re.findall(
                r"sprite\.svg#([\w-]+)", render_to_string(f"gallery/{page}.html", gallery.sample(timezone.now()))
            )
        )
        assert asked <= sprite


def test_style_sheets_take_their_colours_from_the_tokens() -> None:
    for sheet in (STATIC / "css").glob("*.css"):
        literal = re.findall(r":[^;{}]*#[0-9a-f]{3,8}\b", sheet.read_text())
        if sheet.name != "tokens.css":
            assert literal == [], sheet.name


def test_each_script_does_one_thing_in_few_lines() -> None:
    long = {script.name for script in (STATIC / "js").glob("*.js") if len(script.read_text().splitlines()) > 80}
    assert long == {"live-stream.js"}
