"""How a Convex deployment is spoken to: functions over HTTP, its own system functions, and the values they give.

A function that fails answers with `{"status": "error"}`, with HTTP 200 or 560 (the makers' own client reads both).
Sources: Convex docs, "HTTP API"; `npm-packages/convex/src/browser/http_client.ts` and `src/cli/lib/convexExport.ts`,
whose addresses for snapshots are internal and may change.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from apps.providers.base import Access, ProviderError
from apps.providers.calling import Api, credential
from apps.providers.endings import dig, quoted
from apps.providers.http import Answer
from apps.providers.redaction import redact, secrets_in

UDF_FAILED = 560
NANOSECONDS = 1_000_000_000
GITHUB = "https://api.github.com"


def _key(access: Access) -> Mapping[str, str]:
    return {"Authorization": f"Convex {credential(access, 'deploy_key', 'Convex')}"}


def _pipeline_token(access: Access) -> Mapping[str, str]:
    token = credential(access, "pipeline_token", "the pipeline")
    return {
        "Authorization": f"Bearer {token}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }


API = Api("Convex", "", _key, frozenset({UDF_FAILED}))
PUBLIC = Api("Convex", "", lambda access: {}, frozenset({UDF_FAILED}))
PIPELINE = Api("The pipeline at GitHub", GITHUB, _pipeline_token)


class FunctionFailed(ProviderError):
    """The function ran and failed, or there is none of that name: Convex' own words."""


def home(access: Access) -> str:
    """Return the deployment's own address, for connections that have none of their own. Raises ProviderError."""
    name = access.settings.get("deployment", "").strip()
    if access.base_url:
        return access.base_url
    if not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", name):
        raise ProviderError(f"“{quoted(name)}” is not the name of a deployment, such as happy-animal-123.")
    return f"https://{name}.convex.cloud"


def call(api: Api, access: Access, path: str, args: Mapping[str, Any] | None = None) -> Any:
    """Return the value of a query function. Raises FunctionFailed, or another ProviderError where nothing is known."""
    body = {"path": path, "args": dict(args or {}), "format": "json"}
    answer = api.read(access, "/api/query", method="POST", body=body, base_url=home(access), shown=f"query {path}")
    return value_of(api, access, answer, path)


def value_of(api: Api, access: Access, answer: Answer, path: str) -> Any:
    """Return the value in an answer with status 200 or 560. Raises FunctionFailed or ProviderError."""
    if not answer.ok and answer.status != UDF_FAILED:
        raise api.unreadable(access, answer, f"The function {path}")
    body = answer.json()
    if dig(body, "status") == "success" and answer.ok and "value" in body:
        return body["value"]
    if dig(body, "status") != "error":
        raise ProviderError(f"Convex answered {answer.status} to {path} with something that is not its own shape.")
    said = dig(body, "errorMessage") or dig(body, "errorData") or "no reason"
    said = re.sub(r"^\[Request ID: \w+\] ", "", str(said))
    raise FunctionFailed(f"{path} failed: “{quoted(redact(said, secrets_in(access.credentials)))}”.")


def system(access: Access, path: str, args: Mapping[str, Any] | None = None) -> Any:
    """Return the value of one of Convex' own functions, which need the deploy key."""
    return call(API, access, path, args)


def whole_number(value: Any) -> int | None:
    """Return a 64-bit number as Convex writes it: a number, digits, or eight bytes in base64; None for others."""
    if isinstance(value, dict) and isinstance(value.get("$integer"), str):
        try:
            raw = base64.b64decode(value["$integer"], validate=True)
        except ValueError:
            return None
        return int.from_bytes(raw, "little", signed=True) if len(raw) == 8 else None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    return int(value) if isinstance(value, int | float) or re.fullmatch(r"\d{1,20}", value) else None


def moment_of(nanoseconds: int) -> datetime:
    """Return the moment of a snapshot, which is named by its nanoseconds since 1970."""
    return datetime.fromtimestamp(nanoseconds / NANOSECONDS, UTC)
