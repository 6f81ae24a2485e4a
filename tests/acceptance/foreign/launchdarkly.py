"""LaunchDarkly as its OpenAPI tells: read a flag, change it by a semantic patch. Strict about both headers."""

from __future__ import annotations

import re
import socket
from typing import Any

from tests.acceptance.foreign.serving import Answer, Entry, Foreign

FLAG = re.compile(r"^/api/v2/flags/([^/]+)/([^/]+)$")


class LaunchDarkly(Foreign):
    """One project with one environment. `variant`: full, or minimal (flags alone, nothing to list)."""

    def __init__(
        self,
        line: socket.socket,
        flags: dict[str, bool],
        *,
        token: str,
        project: str = "portal",
        environment: str = "production",
        prefix: str = "",
        variant: str = "full",
    ) -> None:
        self.flags, self.token = dict(flags), token
        self.project, self.environment, self.variant = project, environment, variant
        self.versions = dict.fromkeys(flags, 1)
        self.needs_approval = False
        super().__init__(line, prefix)

    def answer(self, entry: Entry) -> Answer:
        if entry.headers.get("authorization") != self.token:
            return _error(401, "unauthorized", "Invalid access token")
        if (found := FLAG.match(entry.path)) and found[1] == self.project:
            if found[2] not in self.flags:
                return _error(404, "not_found", f"Unknown feature flag key {found[2]}")
            if entry.method == "GET":
                return Answer(200, self._flag(found[2]))
            if entry.method == "PATCH":
                return self._patch(entry, found[2])
        if entry.method == "GET" and self.variant == "full":
            return self._more(entry.path)
        return _error(404, "not_found", "Unknown resource")

    def _more(self, path: str) -> Answer:
        if path == "/api/v2/caller-identity":
            return Answer(200, {"tokenName": "rollbacks", "tokenKind": "service", "accountId": "a1"})
        if path == f"/api/v2/projects/{self.project}":
            return Answer(200, {"key": self.project, "name": "Portal"})
        if path == f"/api/v2/projects/{self.project}/environments/{self.environment}":
            approval = {"required": self.needs_approval}
            return Answer(200, {"key": self.environment, "name": "Production", "approvalSettings": approval})
        if path == f"/api/v2/flags/{self.project}":
            rows = [self._flag(key) for key in self.flags]
            return Answer(200, {"items": rows, "totalCount": len(rows), "_links": {"self": {"href": path}}})
        return _error(404, "not_found", "Unknown resource")

    def _patch(self, entry: Entry, key: str) -> Answer:
        if "domain-model=launchdarkly.semanticpatch" not in entry.headers.get("content-type", "").replace(" ", ""):
            return _error(400, "invalid_request", "json patch must be an array")
        body = entry.body if isinstance(entry.body, dict) else {}
        if body.get("environmentKey") != self.environment:
            return _error(400, "invalid_request", "environmentKey is required")
        if self.needs_approval:
            return _error(405, "method_not_allowed", "Flag updates require approval: updateOn")
        wanted = {"turnFlagOff": False, "turnFlagOn": True}
        for instruction in body.get("instructions") or [{}]:
            if instruction.get("kind") not in wanted:
                return _error(400, "invalid_request", "unknown instruction kind")
            self._turn(entry, key, wanted[instruction["kind"]])
        return Answer(200, self._flag(key))

    def _turn(self, entry: Entry, key: str, on: bool) -> None:
        if self.flags[key] != on:
            self.flags[key] = on
            self.versions[key] += 1
            entry.effect = f"{key} {'on' if on else 'off'}"

    def _flag(self, key: str) -> dict[str, Any]:
        return {
            "key": key,
            "name": key.replace("-", " "),
            "kind": "boolean",
            "_version": self.versions[key],
            "archived": False,
            "tags": [],
            "variations": [{"_id": "v1", "value": True}, {"_id": "v2", "value": False}],
            "environments": {
                self.environment: {
                    "on": self.flags[key],
                    "archived": False,
                    "version": self.versions[key],
                    "lastModified": 1_780_000_000_000,
                    "offVariation": 1,
                    "fallthrough": {"variation": 0},
                    "_environmentName": "Production",
                }
            },
        }


def _error(status: int, code: str, message: str) -> Answer:
    return Answer(status, {"code": code, "message": message})
