"""One service with an environment of its own, connected to foreign providers, with a bad release live."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.acceptance.client import Api, Reply
from tests.acceptance.foreign import Foreign, LaunchDarkly, PagerDuty, Site, Slack, Upstash, Vercel
from tests.acceptance.instance import Product, own_line

OLD, GOOD, BAD, FIX = "dpl_OLD0001", "dpl_GOOD002", "dpl_BAD0003", "dpl_FIX0004"
VERSIONS = {OLD: "v2.30.3", GOOD: "v2.30.4", BAD: "v2.31.0", FIX: "v2.31.1"}
COMMITS = {OLD: "a" * 40, GOOD: "b" * 40, BAD: "c" * 40, FIX: "d" * 40}
FLAGS = {"new-share-links": True, "milestone-drag": True, "unrelated": True}
KEYS = [f"share:{number}" for number in range(9)] + ["session:1", "sharex", "milestone:7"]
CALL_FOR_VOTES = "posted Waiting for approval: "

_numbers = itertools.count(1)


@dataclass
class People:
    """Who acts: one Api per person, all of the same organisation."""

    admin: Api
    commander: Api
    founder: Api
    success: Api
    lead: Api
    reliability: Api
    stakeholder: Api


@dataclass(frozen=True)
class Look:
    """How the foreign endpoints behave: `variant` full or minimal, where they stand, how slow production moves."""

    variant: str = "full"
    hosting: str = "full"
    chat: str = "full"
    prefix: str = ""
    delay: float = 0.2
    team: str = ""
    serving: str = "json"
    site: bool = False
    slash: bool = False
    channel: str = "C0FOREIGN"


class World:
    """The foreign providers of one environment, what was registered about it, and the story's usual deeds."""

    def __init__(self, product: Product, people: People, look: Look) -> None:
        self.number = next(_numbers)
        self.product, self.people, self.look, self.closed = product, people, look, False
        self.slug = f"portal-{self.number}"
        self._open()
        self.connections: dict[str, str] = {}

    def _open(self) -> None:
        look, mark, line = self.look, f"{self.number}-secret", lambda: self.product.lines.get(timeout=120)
        self.vercel = Vercel(
            line(), COMMITS, BAD, token=f"vc-{mark}", team=look.team, prefix=look.prefix, variant=look.hosting,
            delay=look.delay,
        )  # fmt: skip
        self.flags = LaunchDarkly(line(), FLAGS, token=f"api-{mark}", prefix=look.prefix, variant=look.variant)
        self.cache = Upstash(line(), KEYS, token=f"up-{mark}", prefix=look.prefix, variant=look.variant)
        self.slack = Slack(line(), token=f"xoxb-{mark}", prefix=look.prefix, variant=look.chat)
        self.pagerduty = PagerDuty(
            line(), token=f"pd-{mark}", routing_key=f"{self.number:032}", prefix=look.prefix, variant=look.variant
        )
        self.site = Site(line(), lambda: self.vercel.serving, VERSIONS, {BAD}) if look.site else None

    @property
    def foreigners(self) -> dict[str, Foreign]:
        """Every foreign provider by the connection role it fills."""
        return {
            "hosting": self.vercel, "flags": self.flags, "cache": self.cache, "chat": self.slack,
            "paging": self.pagerduty,
        }  # fmt: skip

    def bodies(self) -> dict[str, dict[str, Any]]:
        """Return what `POST /connections` takes for each role."""
        settings: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
            "hosting": ("vercel", {"project_id": self.vercel.project}, {"token": self.vercel.token}),
            "flags": (
                "launchdarkly", {"project_key": "portal", "environment_key": "production"}, {"token": self.flags.token},
            ),
            "cache": ("upstash", {}, {"rest_token": self.cache.token}),
            "chat": ("slack", {"channel": self.look.channel}, {"bot_token": self.slack.token}),
            "paging": (
                "pagerduty", {"service_id": self.pagerduty.service, "from_email": self.pagerduty.sender},
                {"api_token": self.pagerduty.token, "routing_key": self.pagerduty.routing_key},
            ),
        }  # fmt: skip
        if self.look.team:
            settings["hosting"][1]["team_id"] = self.look.team
        end = "/" if self.look.slash else ""
        return {
            role: {
                "name": f"{provider} {self.number}", "provider": provider, "base_url": self.foreigners[role].url + end,
                "settings": said, "credentials": secret,
            }
            for role, (provider, said, secret) in settings.items()
        }  # fmt: skip

    def connect(self, *roles: str) -> None:
        """Make the connections (those of `roles`, else all), the service and its environment."""
        admin = self.people.admin
        for role, body in self.bodies().items():
            if not roles or role in roles:
                self.connections[role] = admin.post("/connections", body).must(201)["id"]
        admin.post("/services", {"slug": self.slug, "name": f"Portal {self.number}"}).must(201)
        body: dict[str, Any] = {"name": "production", "kind": "production", "connections": self.connections}
        if self.site:
            header = {"path": "/", "header": "X-App-Version"}
            said = header if self.look.serving == "header" else {"path": "/api/version", "json": "build.version"}
            body |= {"public_url": self.site.url, "serving": said}
        admin.post(f"/services/{self.slug}/environments", body).must(201)

    def release(self, **bad: Any) -> None:
        """Register two good releases and the bad one; `bad` is more about the bad one."""
        before = {OLD: 180, GOOD: 120, BAD: 20}
        for reference, minutes in before.items():
            body = {
                "service": self.slug, "environment": "production", "reference": reference,
                "version": VERSIONS[reference], "commit": COMMITS[reference], "deployed_at": ago(minutes),
            }  # fmt: skip
            more = {"flags": ["new-share-links", "milestone-drag"], **bad} if reference == BAD else {"good": True}
            self.people.lead.post("/deployments", body | more).must(201)

    def declare(self, **more: Any) -> str:
        """Declare the incident and return its id."""
        body = {"title": "Share links fail", "severity": "P1", "service": self.slug, "environment": "production"}
        self.incident = self.people.commander.post("/incidents", body | more).must(201)["id"]
        return self.incident

    def prepare(self, *roles: str, **bad: Any) -> World:
        """Do all of it: connect, release, declare."""
        self.connect(*roles)
        self.release(**bad)
        self.declare()
        return self

    def propose(self, playbook: str, **more: Any) -> dict[str, Any]:
        """Propose a rollback as the commander."""
        body = {"playbook": playbook} | more
        return self.people.commander.post(f"/incidents/{self.incident}/rollbacks", body).must(201)

    def vote(self, by: Api, rollback: dict[str, Any], **more: Any) -> Reply:
        """Approve a plan as somebody."""
        body = {"decision": "approve", "plan_hash": rollback["plan_hash"]} | more
        return by.post(f"/rollbacks/{rollback['id']}/approvals", body)

    def approve(self, rollback: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Approve as both people who must agree; the run starts."""
        self.vote(self.people.founder, rollback, **more).must(201)
        return self.vote(self.people.success, rollback, **more).must(201)

    def start(self, playbook: str, **more: Any) -> str:
        """Propose and approve; return the rollback's id."""
        rollback = self.propose(playbook, **more)
        self.approve(rollback)
        return rollback["id"]

    def effects(self) -> dict[str, list[str]]:
        """Return everything that was changed at any foreign provider, by role; without the calls for a vote."""
        found = {role: foreign.effects for role, foreign in self.foreigners.items()}
        found["chat"] = [effect for effect in found["chat"] if not effect.startswith(CALL_FOR_VOTES)]
        return {role: effects for role, effects in found.items() if effects}

    @property
    def calls_for_votes(self) -> list[str]:
        """Return the messages that ask the approvers for their vote."""
        return [effect for effect in self.slack.effects if effect.startswith(CALL_FOR_VOTES)]

    def close(self) -> None:
        """Stop the foreign servers and give their ports back; their journals stay."""
        for foreign in (*self.foreigners.values(), self.site):
            if foreign and not self.closed:
                foreign.stop()
                self.product.lines.put(own_line(foreign.port))
        self.closed = True


def ago(minutes: float) -> str:
    """Return the time so many minutes ago, RFC 3339."""
    return (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()
