"""Texts that people type: line ends made one kind, nothing that cannot be stored."""

from __future__ import annotations

from apps.deployments import entering


def plain(text: str, field: str, *, limit: int, required: bool = True) -> str:
    """Return the text without blanks around it; browsers send CR LF, the record keeps LF. Raises Unacceptable."""
    return entering.text(text.replace("\r\n", "\n").replace("\r", "\n"), field, limit=limit, required=required)
