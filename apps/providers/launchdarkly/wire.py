"""How LaunchDarkly's REST API is spoken. Source: its OpenAPI description, version 20240415."""

from __future__ import annotations

from typing import Any

from apps.providers.base import Access
from apps.providers.calling import Api, credential, segment

LONGEST_KEY = 256
SEMANTIC_PATCH = "application/json; domain-model=launchdarkly.semanticpatch"

API = Api(
    "LaunchDarkly",
    "https://app.launchdarkly.com",
    # The token stands alone, without “Bearer”; without a version the answer depends on the token's age.
    lambda access: {
        "Authorization": credential(access, "token", "LaunchDarkly"),
        "LD-API-Version": "20240415",
    },
)


def project_key(access: Access) -> str:
    """Return the project key as a path segment. Raises ProviderError."""
    return segment(access.settings.get("project_key"), "a project key", LONGEST_KEY)


def environment_key(access: Access) -> str:
    """Return the environment key as a path segment. Raises ProviderError."""
    return segment(access.settings.get("environment_key"), "an environment key", LONGEST_KEY)


def flag_path(access: Access, flag: str) -> str:
    """Return the path of one flag. Raises ProviderError."""
    return f"/api/v2/flags/{project_key(access)}/{segment(flag, 'a flag key', LONGEST_KEY)}"


def read_flag(access: Access, flag: str) -> Any:
    """Return one flag as LaunchDarkly describes it for the environment. Raises ProviderError."""
    answer = API.read(access, flag_path(access, flag), {"env": environment_key(access)})
    if not answer.ok:
        raise API.unreadable(access, answer, f"The flag {flag}")
    return answer.json()
