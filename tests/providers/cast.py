"""One ordinary use of every action in the simulators' starting world, and how its effect shows there.

And one ordinary question for every check, with what it is told there.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from apps.providers.base import Call


@dataclass(frozen=True)
class Use:
    """An action and its call; `changes` requests with an effect are what one apply leaves in the journal.

    `deeds` are what other hands do at the provider first: (name, order). `last` is found in the path of the request
    that lets it show, where one apply needs several.
    """

    slug: str
    call: Call
    changes: int = 1
    observable: bool = True
    waits: float = 0.0  # seconds of the simulators' clock until the effect shows
    credentials: dict[str, Any] = field(default_factory=dict)
    deeds: tuple[tuple[str, dict[str, Any]], ...] = ()
    last: str = ""

    def __str__(self) -> str:
        return f"{self.slug}-{self.call.action}"


VERCEL_RULE = {
    "name": "Maintenance (rollback portal)",
    "route": {"src": "^/(?!maintenance\\.html$).*$", "dest": "/maintenance.html", "status": 307},
}
PORTAL_CODE = "motion-mavericks/portal"
HOTFIX = {"repository": PORTAL_CODE, "branch": "hotfix/PP-9", "message": "Sign share links with key 1"}
KEPT = {"repository": PORTAL_CODE, "branch": "kept-by-rollback-portal/main-9c41e7decc90"}
FREEZE = {"repository": PORTAL_CODE, "name": "Freeze of main by Rollback Portal"}
# Supabase restores only what is a week old at most; a test's name does not hold the time.
AN_HOUR_AGO = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
POINT = {"restore_point": "before-release"}
USES = (
    Use("vercel", Call("rollback", {"deployment": "dpl_9Gk4hVsJ"}), waits=30),
    Use("vercel", Call("promote", {"deployment": "dpl_5Bn1mXcD"}), waits=30),
    Use("vercel", Call("switch_alias", {"alias": "share.motion-mavericks.example", "deployment": "dpl_4Hc9nWbK"})),
    Use("vercel", Call("redeploy", {"deployment": "dpl_7Qm2xVtR"}), waits=30),
    Use(
        "vercel",
        Call("put_variable_back", {"variable": "SHARE_SIGNING_KEY_ID", "deployment": "dpl_4Hc9nWbK"}),
    ),
    Use("vercel", Call("maintenance_on", {}), changes=2, last="routes/versions"),
    Use(
        "vercel",
        Call("maintenance_off", {}),
        changes=2,
        last="routes/versions",
        deeds=(("add_rule", {"project": "prj_portal", "rule": VERCEL_RULE}),),
    ),
    Use("vercel", Call("pause", {})),
    Use("vercel", Call("unpause", {}), deeds=(("pause", {"project": "prj_portal"}),)),
    Use("launchdarkly", Call("flags_off", {"flags": ["new-share-links"]}, part="new-share-links")),
    Use("launchdarkly", Call("flags_on", {"flags": ["milestone-drag"]}, part="milestone-drag")),
    Use("upstash", Call("delete_prefix", {"prefix": "milestone:"})),
    Use("upstash", Call("flush", {})),
    Use(
        "upstash",
        Call("backup", {"name": "pre-INC-42"}),
        waits=30,
        credentials={
            "management_email": "operations@motion-mavericks.example",
            "management_key": "management-simulated-motion-mavericks",
        },
    ),
    Use("slack", Call("post", {"text": "Rollback initiated <!channel> & more"})),
    Use("slack", Call("reply", {"thread": "1700000000.000100", "channel": "general", "text": "Back on v2.30.4"})),
    Use(
        "slack",
        Call(
            "update",
            {
                "message": "1700000000.000100",
                "channel": "general",
                "text": "Rolled back & proven, see https://status.example",
                "title": "v2.30.4 is live",
                "facts": ["Severity: P1"],
            },
        ),
    ),
    Use("pagerduty", Call("trigger", {"summary": "Portal release broken"}), waits=5),
    Use("pagerduty", Call("trigger", {"summary": "Over REST"}), credentials={"routing_key": ""}),
    Use("pagerduty", Call("note", {"incident": "QMOTION00411", "content": "Rolled back"})),
    Use("pagerduty", Call("trigger", {"summary": "With a key of one's own", "key": "inc-7"}), waits=5),
    Use("pagerduty", Call("acknowledge", {"incident": "QMOTION00411"})),
    Use("pagerduty", Call("resolve", {"incident": "QMOTION00411", "resolution": "Back on v2.30.4"})),
    Use("pagerduty", Call("status_update", {"incident": "QMOTION00411", "message": "Back"}), observable=False),
    Use(
        "pagerduty",
        Call("request_responders", {"incident": "QMOTION00411", "users": ["PMOTIONU2"], "message": "Please join"}),
    ),
    Use("sentry", Call("release", {"version": "portal@2.31.1", "commit": "4be02aa"})),
    Use("sentry", Call("deploy", {"version": "portal@2.30.4", "environment": "production"})),
    Use("datadog", Call("event", {"title": "Rolled back", "text": "to v2.30.4"}), waits=5),
    Use("posthog", Call("annotation", {"text": "Rolled back to v2.30.4"})),
    Use("posthog", Call("flags_off", {"flags": ["new-share-links"]}, part="new-share-links")),
    Use("posthog", Call("flags_on", {"flags": ["milestone-drag"]}, part="milestone-drag")),
    Use("convex", Call("redeploy", {"commit": "0c7d8e5"}), waits=60),
    Use("convex", Call("export_snapshot", {"max_age_minutes": 2}), waits=30),
    Use("convex", Call("import_snapshot", {"snapshot": "1772330400000000000"}), observable=False, waits=30),
    Use(
        "http",
        Call(
            "request",
            {"method": "PATCH", "path": "/admin/feature-flags", "json": {"smartReplies": {"enabled": True}}},
        ),
        observable=False,
    ),
    Use(
        "http",
        Call(
            "send",
            {
                "method": "PATCH",
                "path": "/admin/feature-flags",
                "json": {"smartReplies": {"enabled": True}},
                "success": {"json": {"smartReplies": {"enabled": True}}},
            },
        ),
        observable=False,
    ),
    Use(
        "http",
        Call(
            "set",
            {
                "method": "PATCH",
                "path": "/admin/feature-flags",
                "json": {"splitViewLayout": {"enabled": False}, "aiSummarization": {"enabled": False}},
                "success": {"status": 200, "json": {"splitViewLayout": {"enabled": False}}},
                "observed": {
                    "path": "/admin/feature-flags",
                    "json": {"splitViewLayout": {"enabled": False}, "aiSummarization": {"enabled": False}},
                },
            },
        ),
    ),
    Use(
        "resend",
        Call(
            "send", {"to": ["ada@harbour.example", "Bo <bo@harbour.example>"], "subject": "Update", "text": "We know."}
        ),
        observable=False,
    ),
    Use("neon", Call("restore", {"lsn": "2/F49F000"}), waits=15),
    Use("neon", Call("restore_preserved", {"preserved": "main-before-2026-audit"}), waits=15),
    Use("neon", Call("preview_restore", {"name": "preview-again", "lsn": "2/F49F000"}), waits=15),
    Use("neon", Call("delete_preview", {"name": "preview-share-links"}), waits=15),
    Use("neon", Call("safety_copy", {}), waits=15),
    Use("neon", Call("safety_copy", {"kind": "snapshot"}), waits=15),
    Use("statuspage", Call("create", {"name": "Share links fail", "body": "We are looking into it."})),
    Use("statuspage", Call("update", {"incident": "Digests are late", "body": "Found.", "status": "identified"})),
    Use("statuspage", Call("resolve", {"incident": "Digests are late", "body": "All is well again."})),
    Use("statuspage", Call("component_status", {"component": "Share links", "status": "partial_outage"})),
    Use("github", Call("create_branch", {"branch": "hotfix/PP-12", "source": "v2.30.4"})),
    Use("github", Call("revert_pull_request", {"pull_request": 47})),
    Use("github", Call("restore_branch", {"branch": "rollback/to-v2.30.4", "commit": "4be02aa"}), 2, last="git/refs"),
    Use("github", Call("open_pull_request", {"branch": "hotfix/PP-9", "title": "Hotfix"}), deeds=(("branch", HOTFIX),)),
    Use("github", Call("merge_pull_request", {"branch": "hotfix/PP-9"}), deeds=(("propose", HOTFIX),)),
    Use("github", Call("keep_branch", {})),
    Use("github", Call("reset_branch", {"commit": "4be02aa"}), deeds=(("branch", KEPT),)),
    Use("github", Call("dispatch_workflow", {"workflow": "release.yml", "inputs": {"version": "v2.30.4"}}), waits=90),
    Use("github", Call("dispatch_unmarked", {"workflow": "nightly.yml"}), waits=90),
    Use("github", Call("deployment_status", {"environment": "production", "state": "inactive"})),
    Use("github", Call("freeze", {})),
    Use("github", Call("lift_freeze", {}), deeds=(("freeze", FREEZE),)),
    Use("cachet", Call("create", {"name": "Share links fail", "body": "We are looking into it."})),
    Use("cachet", Call("update", {"incident": "Digests are late", "body": "Found.", "status": "identified"})),
    Use("cachet", Call("resolve", {"incident": "Digests are late", "body": "All is well again."})),
    Use("cachet", Call("component_status", {"component": "Share links", "status": "partial_outage"})),
    Use("supabase", Call("create_restore_point", {"name": "before-inc-1"}), waits=10),
    Use("supabase", Call("restore_to_time", {"time": AN_HOUR_AGO, **POINT}), observable=False, waits=900),
    Use("supabase", Call("restore_backup", {"backup": 4006, **POINT}), observable=False, waits=900),
    Use(
        "supabase",
        Call("restore_to_point", {"name": "before-release", "copy_made_by_hand": True}),
        observable=False,
        waits=900,
    ),
    Use("linear", Call("create_issue", {"title": "Share links fail", "priority": "urgent", "labels": ["incident"]})),
    Use("linear", Call("comment", {"issue": "MOT-12", "body": "Rolled back to v2.30.4."})),
    Use("linear", Call("link", {"issue": "MOT-12", "url": "https://portal.example/r/1", "title": "RB-1"})),
    Use("linear", Call("set_status", {"issue": "MOT-12", "status": "In Progress"})),
)


@dataclass(frozen=True)
class Ask:
    """A check and its question; `holds` is what the starting world answers.

    `judges_answers`: the answer itself is what it looks at (a health address), so that a bad one is “no” and not
    “unknown”. `posts`: it reads by requests that the simulators count as changes, such as a query that is POSTed.
    """

    slug: str
    call: Call
    holds: bool = True
    judges_answers: bool = False
    posts: bool = False
    settings: dict[str, Any] = field(default_factory=dict)
    credentials: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.slug}-{self.call.action}"


ASKS = (
    Ask("upstash", Call("key_count", {"prefix": "share:", "at_least": 1000})),
    Ask("convex", Call("query", {"function": "users:count", "equals": 5})),
    Ask("convex", Call("health", {}), judges_answers=True),
    Ask("vercel", Call("variables_unchanged", {"deployment": "dpl_7Qm2xVtR"})),
    Ask("stripe", Call("balance", {})),
    Ask("launchdarkly", Call("flag_state", {"flags": ["new-share-links"], "state": "on"})),
    Ask("http", Call("check", {"path": "/health", "json": {"status": "ok"}}), judges_answers=True),
    Ask("sentry", Call("error_events", {"window_minutes": 5, "above": 10})),
    Ask("sentry", Call("error_rate", {"window_minutes": 5, "above": 5})),
    Ask("sentry", Call("latency_p95", {"window_minutes": 5, "above": 300})),
    Ask("sentry", Call("crash_free_sessions", {"window_minutes": 60, "above": 20})),
    Ask("datadog", Call("error_rate", {"window_minutes": 5, "above": 5})),
    Ask("datadog", Call("latency_p95", {"window_minutes": 5, "above": 300})),
    Ask("datadog", Call("value", {"query": "sum:trace.http.request.hits{*}", "window_minutes": 5, "above": 10})),
    Ask("posthog", Call("active_users", {"window_minutes": 5, "above": 10})),
    Ask("posthog", Call("events", {"event": "$exception", "window_minutes": 5, "above": 10})),
    Ask("posthog", Call("failed_sessions", {"window_minutes": 5, "above": 10})),
    Ask("posthog", Call("web_vital_p95", {"vital": "LCP", "window_minutes": 5, "above": 1500})),
    Ask("prometheus", Call("error_rate", {"window_minutes": 5, "above": 5})),
    Ask("prometheus", Call("latency_p95", {"window_minutes": 5, "above": 300})),
    Ask(
        "prometheus",
        Call("value", {"query": "sum(rate(http_requests_total[$window]))", "window_minutes": 5, "above": 1}),
    ),
    Ask("neon", Call("preview", {"name": "preview-share-links", "contains": "v2_30_4", "lacks": "v2_31_0"})),
    Ask("neon", Call("restore_window", {"time": "2020-01-01T00:00:00Z"}), holds=False),
    Ask("neon", Call("branch_ready", {})),
    Ask("github", Call("workflow_run", {"workflow": "deploy.yml"})),
    Ask("github", Call("commit_status", {})),
    Ask("github", Call("deployment", {"environment": "production"})),
    Ask("supabase", Call("health", {"services": ["db", "rest"]})),
    Ask("supabase", Call("project_active", {})),
    Ask("supabase", Call("backups", {"newer_than_hours": 24})),
    Ask("supabase", Call("restore_window", {"time": "2020-01-01T00:00:00Z"}), holds=False),
    Ask("clerk", Call("users", {"at_least": 10})),
    Ask("clerk", Call("signing_keys", {})),
    Ask("mux", Call("playback", {"playback_id": "MOTIONMAReadyPlay"}), judges_answers=True),
    Ask("mux", Call("asset", {"asset_id": "MOTIONMAReady"})),
    Ask("lighthouse", Call("score", {"category": "performance", "window_minutes": 60, "above": 50})),
    Ask("lighthouse", Call("change", {"category": "seo", "window_minutes": 60, "above": -3})),
    Ask("linear", Call("issue_status", {"issue": "MOT-11", "status": "In Progress"})),
)
