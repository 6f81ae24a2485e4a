"""Playbooks that several tests read."""

SMALLEST = """\
version: 1
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

FULLEST = """\
version: 1
slug: everything
name: Everything a playbook can say
kind: rollback
summary: |
  Two lines,
  and the second one.
owner: Reliability Partner
fits: {organisations: [motion-mavericks], services: [portal]}
when_to_use:
  - "P0 or P1: caused by the release"
when_not_to_use: [The infrastructure is gone]
triggers:
  - Failed migration
  - {signal: error_rate_percent, above: 1, for_minutes: 10}
  - {text: Slow, signal: p95_milliseconds, above: 300.5}
target_minutes: 30
rto_minutes: 60
update_cadence_minutes: 15
approvals:
  any_of: [founder, technical-lead, on-call-engineer]
  needed: 2
  due_minutes: 5
  expires_minutes: 90
  by_severity:
    P0: {all_of: []}
    P1: {all_of: [cto], due_minutes: 10}
inputs:
  impact: {title: Expected impact, required: true}
  scope: {title: Scope, kind: choice, choices: [all, some], default: some}
  links: {title: Links, kind: list, default: [a, b]}
losses:
  - Share links made since the release stop opening.
steps:
  - name: Clear the cache
    use: cache.delete_prefix
    with: {prefix: "share:", deep: {list: [1, 2.5, true, null, "x"], "odd key": {}}}
    on_failure: compensate
    usual_seconds: 5
    gives_up_seconds: 120
    losses: [{name: share-links, text: "{inputs.impact}"}]
  - name: Look
    check:
      url: https://example.com/{target.version}
      method: HEAD
      status: 204
      contains: '{"ok": {"deep": true}}'
      header: {X-Version: "{target.version}"}
      json: {status: ok}
      within_seconds: 30
  - {name: Ask Mux, human: Press the button., evidence: true, on_failure: halt}
  - {name: Tell, use: chat.post, with: {text: "{{literal}} {time.now}"}, on_failure: halt}
  - name: Errors stay low
    check: {use: metrics.error_rate, with: {window_minutes: 5, below: 1.5}, within_seconds: 300}
messages:
  - {name: Internal, audience: internal, channel: "#incidents", text: "Impact: {inputs.impact}"}
  - {name: Public, audience: public, subject: Sorry, text: "Back at {playbook.update_cadence_minutes}"}
checklists:
  - title: Afterwards
    items:
      - Compare row counts
      - {id: tokens, text: Validate tokens, role: technical-lead, due_minutes: 60}
      - {text: Review, due_business_days: 3}
  - {title: First, when: before, items: [Breathe]}
"""
