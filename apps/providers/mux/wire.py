"""How Mux is spoken: the API with a token, and the stream's host as any viewer would, without it.

Sources: muxinc/mux-python (docs, models), muxinc/elements (playback-core, request-errors), mux.com/docs.
"""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlsplit

from apps.providers.base import Access, ProviderError
from apps.providers.calling import Api, Query, credential, segment
from apps.providers.endings import dig, quoted
from apps.providers.http import Answer
from apps.providers.redaction import redact, secrets_in

MANIFEST = b"#EXTM3U"


class MuxApi(Api):
    """Mux's errors have a type and a list of sentences."""

    def said(self, access: Access, answer: Answer) -> str:
        """Return Mux's own error text, redacted and short, or an empty text."""
        try:
            error = dig(answer.json(), "error")
        except ProviderError:
            return ""
        sentences = dig(error, "messages")
        text = "; ".join(map(str, sentences)) if isinstance(sentences, list) else dig(error, "type") or ""
        return quoted(redact(str(text), secrets_in(access.credentials)))


API = MuxApi("Mux", "https://api.mux.com", lambda access: {"Authorization": f"Basic {_basic(access)}"})
# The token of the API must never reach the stream's host: viewers have none.
STREAM = MuxApi("Mux", "https://stream.mux.com", lambda access: {"Accept": "*/*"})


def ask(access: Access, path: str, what: str, query: Query | None = None) -> tuple[Answer, Any]:
    """Return the answer of an address of the API and what lies in its `data`. Raises ProviderError."""
    answer = API.read(access, f"/video/v1{path}", query)
    if answer.status == 404:
        raise ProviderError(f"{what}: Mux knows none like it. {ENVIRONMENT}")
    if not answer.ok:
        raise API.unreadable(access, answer, what)
    body = answer.json()
    if not isinstance(body, dict) or "data" not in body:
        raise ProviderError(f"{what} could not be read: this is not an answer of Mux's API.")
    return answer, body["data"]


ENVIRONMENT = "A token sees only the assets of its own environment: look whether it is of the right one."


def stream_path(playback_id: Any) -> str:
    """Return the path of a stream's manifest. Raises ProviderError."""
    return f"/{segment(playback_id, 'a Mux playback id', 128)}.m3u8"


def watch(access: Access, path: str, query: Query | None = None, base_url: str = "") -> Answer:
    """Return what a viewer gets at the stream's host, whatever its status. Raises ProviderError."""
    return STREAM.read(access, path, query, base_url=base_url, shown=path)  # the query may hold a viewer's token


def beside(access: Access, line: str) -> tuple[str, str] | None:
    """Return address and path (with query) that a line of a manifest names, or None for one that is not Mux's.

    A manifest comes from outside: what it names is only asked where the stream itself is, or at a host of Mux.
    """
    base = (access.base_url or STREAM.default_base_url).rstrip("/")
    if "://" not in line:
        return base, line if line.startswith("/") else f"/{line}"
    parts = urlsplit(line)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    if line.startswith(f"{base}/"):
        return base, line.removeprefix(base)
    if not access.base_url and parts.scheme == "https" and (parts.hostname or "").endswith(".mux.com"):
        return f"https://{parts.hostname}", path
    return None


def _basic(access: Access) -> str:
    pair = f"{credential(access, 'token_id', 'Mux')}:{credential(access, 'token_secret', 'Mux')}"
    return base64.b64encode(pair.encode()).decode()
