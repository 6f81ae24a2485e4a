"""The playbooks of these tests. The first is the contract's own text, to the letter."""

RELEASE = """version: 1
slug: portal-release-rollback
name: Portal release rollback
approvals: {all_of: [founder, client-success-lead], due_minutes: 5}
steps:
  - {name: Turn off the flags of the release, use: flags.flags_off, with: {flags: "{release.flags}"}}
  - {name: Put the previous version back, use: hosting.rollback, with: {deployment: "{target.reference}"}}
  - {name: Clear cached share links, use: cache.delete_prefix, with: {prefix: "share:"}}
  - {name: The portal answers, check: {path: /api/health, status: 200, within_seconds: 60}}
  - {name: Tell the team, use: chat.post, with: {text: "Rollback initiated for release {release.version} due to {incident.title}."}, on_failure: continue}
"""  # noqa: E501

_HEAD = "version: 1\nslug: {slug}\nname: {name}\n"
_RULE = "approvals: {all_of: [founder, client-success-lead], due_minutes: 5}\nsteps:\n"


def _playbook(slug: str, *steps: str) -> str:
    head = _HEAD.format(slug=slug, name=slug.replace("-", " ").capitalize())
    return head + _RULE + "".join(f"  - {step}\n" for step in steps)


PLAYBOOKS = {
    "portal-release-rollback": RELEASE,
    "only-hosting": _playbook(
        "only-hosting",
        '{name: Put it back, use: hosting.rollback, with: {deployment: "{target.reference}"}}',
    ),
    "only-flags": _playbook(
        "only-flags", '{name: Turn the flags off, use: flags.flags_off, with: {flags: "{release.flags}"}}'
    ),
    "only-cache": _playbook("only-cache", '{name: Clear links, use: cache.delete_prefix, with: {prefix: "share:"}}'),
    "only-flush": _playbook("only-flush", "{name: Empty the cache, use: cache.flush}"),
    "only-chat": _playbook(
        "only-chat", '{name: Tell the team, use: chat.post, with: {text: "Going back from {release.version}"}}'
    ),
    "only-page": _playbook(
        "only-page", '{name: Page, use: paging.trigger, with: {summary: "Rollback of {release.version}"}}'
    ),
    "flags-then-cache": _playbook(
        "flags-then-cache",
        '{name: Turn the flags off, use: flags.flags_off, with: {flags: "{release.flags}"}}',
        '{name: Clear links, use: cache.delete_prefix, with: {prefix: "share:"}}',
    ),
    "no-vote": (
        "version: 1\nslug: no-vote\nname: At once\napprovals: {all_of: []}\nsteps:\n"
        '  - {name: Turn the flags off, use: flags.flags_off, with: {flags: "{release.flags}"}}\n'
    ),
    "with-checklist": _playbook(
        "with-checklist", '{name: Turn the flags off, use: flags.flags_off, with: {flags: "{release.flags}"}}'
    )
    + "checklists:\n  - title: Afterwards\n    items: [{text: Check share links}, {text: Tell the clients}]\n",
    "unobservable": _playbook(
        "unobservable",
        "{name: Tell the old system, use: code.request, with: {method: POST, path: /switch, json: {to: old}}}",
    ),
    "put-back": _playbook(
        "put-back",
        '{name: Turn the flags off, use: flags.flags_off, with: {flags: "{release.flags}"}}',
        '{name: Go back, use: hosting.rollback, with: {deployment: "{target.reference}"}, on_failure: compensate}',
    ),
    "checked": _playbook(
        "checked",
        '{name: Put it back, use: hosting.rollback, with: {deployment: "{target.reference}"}}',
        "{name: It answers, check: {path: /api/health, status: 200, within_seconds: 4}}",
        '{name: Clear links, use: cache.delete_prefix, with: {prefix: "share:"}}',
    ),
    "noted": _playbook("noted", "{name: Note it, use: paging.note, with: {incident: PINC001, content: Going back}}"),
    "by-hand": _playbook("by-hand", "{name: Call the bank, human: Call them and ask., evidence: true}"),
}
