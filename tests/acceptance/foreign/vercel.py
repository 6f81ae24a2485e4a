"""Vercel as its documentation tells: projects, deployments, rollback and promote, with aliases that move late."""

from __future__ import annotations

import re
import socket
import time
from dataclasses import dataclass
from typing import Any

from tests.acceptance.foreign.serving import Answer, Entry, Foreign

MOVE = re.compile(r"^/v\d+/projects/([^/]+)/(rollback|promote)/([^/]+)$")


@dataclass
class Job:
    """One request to move production, and when it takes effect."""

    kind: str
    source: str
    target: str
    asked_at: float
    done_at: float
    fails: bool = False


class Vercel(Foreign):
    """One project. `variant`: full, minimal (no users, lists or aliases), aliases_only (no targets.production), or bare
    (minimal, and it tells of no job)."""

    def __init__(
        self,
        line: socket.socket,
        deployments: dict[str, str],
        live: str,
        *,
        token: str,
        team: str = "",
        prefix: str = "",
        variant: str = "full",
        delay: float = 0.2,
    ) -> None:
        self.deployments, self.live, self.token, self.team = dict(deployments), live, token, team
        self.variant, self.delay, self.project = variant, delay, "prj_foreign"
        self.job: Job | None = None
        self.next_job_fails = False
        super().__init__(line, prefix)

    @property
    def serving(self) -> str:
        """The deployment that production points to now."""
        with self.lock:
            self._settle()
            return self.live

    def answer(self, entry: Entry) -> Answer:
        if entry.headers.get("authorization") != f"Bearer {self.token}":
            return _error(403, "forbidden", "Not authorized")
        if self.team and entry.query.get("teamId") != [self.team]:
            return _error(403, "forbidden", "You don't have access to this team")
        self._settle()
        if entry.method == "POST" and (move := MOVE.match(entry.path)):
            return self._move(entry, *move.groups())
        if entry.method == "GET":
            return self._read(entry)
        return _error(404, "not_found", "The requested path could not be found")

    def _read(self, entry: Entry) -> Answer:
        path = entry.path
        if re.match(rf"^/v\d+/projects/{self.project}$", path):
            return Answer(200, self._project(entry.query.get("rollbackInfo") == ["true"]))
        if found := re.match(r"^/v\d+/deployments/([^/]+)$", path):
            known = self.deployments.get(found[1])
            return Answer(200, self._deployment(found[1], "id")) if known else _error(404, "not_found", "No deployment")
        if self.variant == "full":
            if re.match(r"^/v\d+/user$", path):
                return Answer(200, {"user": {"id": "usr_1", "email": "ci@foreign.example", "username": "ci"}})
            if re.match(r"^/v\d+/deployments$", path):
                rows = [self._deployment(key, "uid") for key in reversed(self.deployments)]
                return Answer(
                    200, {"deployments": rows, "pagination": {"count": len(rows), "next": None, "prev": None}}
                )
        return _error(404, "not_found", "The requested path could not be found")

    def _move(self, entry: Entry, project: str, kind: str, target: str) -> Answer:
        if project != self.project:
            return _error(404, "not_found", "Project not found")
        if target not in self.deployments:
            return _error(404, "not_found", "Deployment not found")
        if target == (self.job.target if self.job and self.job.done_at > time.time() else self.live):
            return _error(409, "conflict", "The deployment is already current")
        now = time.time()
        self.job = Job(kind, self.live, target, now, now + self.delay, self.next_job_fails)
        self.next_job_fails = False
        entry.effect = f"{kind} {target}"
        return Answer(201)

    def _settle(self) -> None:
        job = self.job
        if job and not job.fails and job.done_at <= time.time():
            self.live = job.target

    def _project(self, with_job: bool) -> dict[str, Any]:
        domain = {"environment": "production", "redirect": None, "redirectStatusCode": None, "gitBranch": None}
        alias = [
            {"domain": name, "target": "PRODUCTION", "deployment": {"id": self.live}, **domain}
            for name in ("portal.example.com", "www.portal.example.com")
        ]
        project: dict[str, Any] = {"id": self.project, "name": "portal", "accountId": self.team or "usr_1"}
        if self.variant in {"full", "aliases_only"}:
            project["alias"] = alias
        if self.variant != "aliases_only":
            project["targets"] = {"production": self._deployment(self.live, "id")}
        if with_job and self.variant != "bare":
            project["lastAliasRequest"] = self._last_job()
        return project

    def _last_job(self) -> dict[str, Any] | None:
        if (job := self.job) is None:
            return None
        over = "failed" if job.fails else "succeeded"
        return {
            "fromDeploymentId": job.source,
            "toDeploymentId": job.target,
            "jobStatus": over if job.done_at <= time.time() else "in-progress",
            "requestedAt": int(job.asked_at * 1000),
            "type": job.kind,
        }

    def _deployment(self, key: str, name: str) -> dict[str, Any]:
        born = 1_780_000_000_000 + 60_000 * list(self.deployments).index(key)
        return {
            name: key,
            "name": "portal",
            "projectId": self.project,
            "ownerId": self.team or "usr_1",
            "url": f"portal-{key[-4:].lower()}.vercel.app",
            "created": born,
            "createdAt": born,
            "state": "READY",
            "readyState": "READY",
            "readySubstate": "PROMOTED",
            "target": "production",
            "isRollbackCandidate": key != self.live,
            "aliasAssigned": True,
            "meta": {"githubCommitSha": self.deployments[key]},
        }


def _error(status: int, code: str, message: str) -> Answer:
    return Answer(status, {"error": {"code": code, "message": message}})
