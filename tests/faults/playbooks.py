"""The playbooks of a campaign: every idempotency class, alone and together."""

from __future__ import annotations

FLAGS = ("alpha", "beta")
# Connection roles and who fills them.
CONNECTIONS = {"hosting": "vercel", "flags": "launchdarkly", "chat": "slack", "paging": "pagerduty", "code": "http"}

_RULE = "approvals: {all_of: [founder, client-success-lead], due_minutes: 30}\nsteps:\n"
_STEPS = {
    "flags_off": "{name: Turn the flags off, use: flags.flags_off, with: {flags: [alpha, beta]}}",
    "flags_on": "{name: Turn the flags on, use: flags.flags_on, with: {flags: [alpha, beta]}}",
    "hosting": '{name: Put the version live, use: hosting.rollback, with: {deployment: "{target.reference}"}}',
    "page": '{name: Page, use: paging.trigger, with: {summary: "Rollback to {target.version}"}}',
    "tell": '{name: Tell the team, use: chat.post, with: {text: "Rollback to {target.version}"}}',
    "raw": "{name: Tell the old system, use: code.request, with: {method: POST, path: /echo, json: {to: old}}}",
    "check": "{name: It answers, check: {path: /health, status: 200, within_seconds: 40}}",
}
_PLAYBOOKS = {
    "hosting": ("hosting",),
    "flags-off": ("flags_off",),
    "flags-on": ("flags_on",),
    "page": ("page",),
    "tell": ("tell",),
    "raw": ("raw",),
    "release-off": ("flags_off", "hosting", "check", "tell"),
    "release-on": ("flags_on", "hosting", "check", "page"),
    "words": ("page", "tell"),
    "switch-off": ("tell", "flags_off", "raw"),
    "switch-on": ("page", "flags_on", "raw"),
}
# What may be proposed at any time, and what depends on how the flags are now; the number is how often.
ANY_TIME = {"hosting": 3, "page": 2, "tell": 2, "raw": 2, "words": 2}
WHEN_ON = {"flags-off": 3, "release-off": 4, "switch-off": 2}
WHEN_OFF = {"flags-on": 3, "release-on": 4, "switch-on": 2}


def texts() -> dict[str, str]:
    """Return every playbook as its YAML, by slug."""
    return {slug: _text(slug, steps) for slug, steps in _PLAYBOOKS.items()}


def has_class_d(slug: str) -> bool:
    """Whether a playbook has a step that must never be repeated."""
    return "raw" in _PLAYBOOKS[slug]


def _text(slug: str, steps: tuple[str, ...]) -> str:
    head = f"version: 1\nslug: {slug}\nname: {slug.replace('-', ' ').capitalize()}\n"
    return head + _RULE + "".join(f"  - {_STEPS[step]}\n" for step in steps)
