"""How GitHub's REST API and its one GraphQL mutation are spoken, and what its refusals mean.

Sources: github/rest-api-description (2022-11-28), github/docs “Rate limits for the REST API”, octokit/graphql-schema.
GitHub Enterprise Server answers under /api/v3, its GraphQL under /api/graphql.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

from apps.providers.base import Access, ProviderError
from apps.providers.calling import Api, Denied, Query, credential
from apps.providers.endings import dig, quoted
from apps.providers.http import Answer
from apps.providers.redaction import redact, secrets_in

PER_PAGE, PAGES = 100, 3
SECONDARY_WAIT_SECONDS = 60.0  # what GitHub asks for where it does not say how long
VERSION = "2022-11-28"
API = Api(
    "GitHub",
    "https://api.github.com",
    lambda access: {
        "Authorization": f"Bearer {credential(access, 'token', 'GitHub')}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": VERSION,
    },
)
_REPOSITORY = re.compile(r"([A-Za-z0-9](?:[A-Za-z0-9-]{0,38}))/([A-Za-z0-9._-]{1,100})\Z")
_BAD_IN_BRANCH = re.compile(r"\.\.|//|@\{|/\.|\.lock(/|\Z)|[/.]\Z")


def repository(access: Access) -> str:
    """Return the path of the connection's repository. Raises ProviderError for a text that cannot be one."""
    text = access.settings.get("repository", "").strip()
    if not (found := _REPOSITORY.match(text)) or found[2] in (".", ".."):
        raise Denied(f"“{quoted(text)}” cannot be a GitHub repository: write owner/name.")
    return f"/repos/{text}"


def name_problem(name: Any) -> str:
    """Return why a text cannot be the name of a branch or tag, or an empty text (git check-ref-format)."""
    text = str(name)
    if re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._/+=@-]{0,199}", text) and not _BAD_IN_BRANCH.search(text):
        return ""
    return f"“{quoted(text)}” cannot be the name of a branch or tag: use letters, digits, “/”, “.”, “_” and “-”."


def sha_problem(text: Any, shortest: int = 7) -> str:
    """Return why a text cannot be a commit's SHA, or an empty text."""
    if re.fullmatch(rf"[0-9a-f]{{{shortest},40}}", str(text)):
        return ""
    return f"“{quoted(text)}” cannot be a commit: write {shortest} to 40 hex digits."


def limited_seconds(answer: Answer) -> float | None:
    """Return how long a rate limit asks to wait, or None for an answer that is no rate limit.

    Both limits come as 403 or 429: Retry-After counts first, then the reset of an exhausted limit, else a minute.
    """
    headers = answer.headers
    if answer.status not in (403, 429):
        return None
    if re.fullmatch(r"\d{1,9}", wait := headers.get("retry-after", "")):
        return float(wait)
    if headers.get("x-ratelimit-remaining") == "0":
        reset = headers.get("x-ratelimit-reset", "")
        return max(float(reset) - time.time(), 1.0) if re.fullmatch(r"\d{9,12}", reset) else SECONDARY_WAIT_SECONDS
    slow = answer.status == 429 or b"rate limit" in answer.body[:2000].lower()
    return SECONDARY_WAIT_SECONDS if slow else None


def said(access: Access, answer: Answer) -> str:
    """Return GitHub's own words from an answer, with the reasons it lists, redacted and short."""
    try:
        body = answer.json()
    except ProviderError:
        return ""
    error = dig(body, "error")
    parts = [error if isinstance(error, str) else dig(error, "message"), dig(body, "message")]
    for reason in dig(body, "errors") or []:
        fields = [dig(reason, name) for name in ("resource", "field", "code")]
        words = dig(reason, "message") or " ".join(str(one) for one in fields if one)
        parts.append(reason if isinstance(reason, str) else words)
    text = "; ".join(dict.fromkeys(part for part in parts if isinstance(part, str) and part))
    return quoted(redact(text, secrets_in(access.credentials)))


def right_wanted(answer: Answer) -> str:
    """Return a sentence about the right or the sign-in that GitHub misses, or an empty text."""
    if "required" in (sso := answer.headers.get("x-github-sso", "")):
        return f" The organisation wants the token to be authorised for its single sign-on ({quoted(sso)})."
    wanted = answer.headers.get("x-accepted-github-permissions", "")
    if answer.status in (403, 404) and wanted:
        return f" The token needs {quoted(wanted)}."
    wanted = answer.headers.get("x-accepted-oauth-scopes", "")
    return f" The token needs one of these scopes: {quoted(wanted)}." if answer.status == 404 and wanted else ""


def unreadable(access: Access, answer: Answer, what: str) -> ProviderError:
    """Return the error that says that `what` could not be read, and why. A rate limit is not for good."""
    seconds = limited_seconds(answer)
    if seconds is not None:
        return ProviderError(f"{what} could not be read: GitHub's rate limit is used up for {seconds:.0f} seconds.")
    words = said(access, answer)
    quote = f" It says: “{words}”." if words else ""
    for_good = 400 <= answer.status < 500 and answer.status not in (408, 409, 425, 429)
    text = f"{what} could not be read: GitHub answered {answer.status}.{quote}{right_wanted(answer)}"
    return (Denied if for_good else ProviderError)(text)


def ask(access: Access, path: str, query: Query | None = None, what: str = "") -> Any:
    """Return the body of a page under the repository. Raises ProviderError (Denied for a definitive no)."""
    answer = API.read(access, repository(access) + path, query)
    if not answer.ok:
        raise unreadable(access, answer, what or path)
    return answer.json()


def ask_if_there(access: Access, path: str, query: Query | None = None, what: str = "") -> Any:
    """Return the body of a page, or None where GitHub answers 404. Raises ProviderError."""
    answer = API.read(access, repository(access) + path, query)
    if answer.status == 404:
        return None
    if not answer.ok:
        raise unreadable(access, answer, what or path)
    return answer.json()


def listed(access: Access, path: str, query: Query, key: str = "", what: str = "") -> Iterator[Any]:
    """Yield the items of a list, newest first as GitHub gives them, at most three pages. Raises ProviderError.

    The next page is asked for by its number: the address in the Link header is not ours to follow.
    """
    for page in range(1, PAGES + 1):
        asked = {**query, "per_page": PER_PAGE, "page": page}
        answer = API.read(access, repository(access) + path, asked)
        if not answer.ok:
            raise unreadable(access, answer, what or path)
        body = answer.json()
        items = dig(body, key) if key else body
        if not isinstance(items, list):
            raise ProviderError(f"GitHub answered with something that is not a list when asked for {what or path}.")
        yield from items
        if 'rel="next"' not in answer.headers.get("link", ""):
            return


def graphql_access(access: Access) -> Access:
    """Return the access whose address has /graphql under it."""
    base = access.base_url.rstrip("/").removesuffix("/v3") if access.base_url.endswith(("/v3", "/v3/")) else ""
    return Access(base or access.base_url, access.settings, access.credentials, access.name)


def text_of(body: Any, *path: str | int, what: str = "an answer") -> str:
    """Return a text that has to be at `path`. Raises ProviderError when it is not: absence must not pass for truth."""
    found = dig(body, *path)
    if not isinstance(found, str) or not found:
        raise ProviderError(f"GitHub answered with something that is not {what}.")
    return found
