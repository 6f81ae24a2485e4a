"""Reads what stands at the top of a piece of HTML."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Roots(HTMLParser):
    """`roots` are the ids of the elements at the top, `loose` any words between them, `forms` how many forms it has."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.depth = self.forms = 0
        self.roots: list[str | None] = []
        self.loose: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element at the top, and every form."""
        self.handle_startendtag(tag, attrs)
        self.forms += tag == "form"
        if tag not in VOID:
            self.depth += 1

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element at the top."""
        if self.depth == 0:
            self.roots.append(dict(attrs).get("id"))

    def handle_endtag(self, tag: str) -> None:
        """Come up again."""
        if tag not in VOID:
            self.depth -= 1

    def handle_data(self, data: str) -> None:
        """Note words at the top."""
        if self.depth == 0 and data.strip():
            self.loose.append(data.strip())
