"""Read who must agree: to the start of a playbook, and to single steps of it."""

from __future__ import annotations

from dataclasses import replace

from apps.playbooks.definition import DEFAULT_APPROVALS, SEVERITIES, Approvals
from apps.playbooks.fields import Fields

LONGEST_WAIT_MINUTES = 7 * 24 * 60


def approvals(fields: Fields) -> tuple[Approvals, dict[str, Approvals]]:
    """Return the rule and the rules of the severities that differ. Without the field a safe default holds."""
    node = fields.get("approvals")
    if node is None:
        return DEFAULT_APPROVALS, {}
    inner = Fields(node, fields.reading, "“approvals”")
    rule = _rule(inner, DEFAULT_APPROVALS)
    by_severity = _by_severity(inner, rule)
    inner.finish()
    return rule, by_severity


def of_step(fields: Fields) -> Approvals | None:
    """Return who must agree before one step begins, or None where nobody is asked once more."""
    node = fields.get("approvals")
    if node is None:
        return None
    inner = Fields(node, fields.reading, "The “approvals” of a step")
    rule = _rule(inner, Approvals())
    inner.finish()
    if inner.is_mapping and rule.nobody:
        fields.reading.report(node, "The “approvals” of a step must name somebody: all_of or any_of with roles.")
    return rule


def _rule(fields: Fields, otherwise: Approvals) -> Approvals:
    """Read one rule; what it does not say is as in `otherwise`."""
    all_of, any_of = fields.slugs("all_of"), fields.slugs("any_of")
    needed = fields.whole("needed", 1, 20)
    if (silent := fields.found.get("all_of")) is not None and silent.value is None:
        fields.reading.report(silent, "“all_of” is empty. If really nobody must agree, write all_of: [].")
    if "all_of" in fields.found and "any_of" in fields.found:
        fields.reading.report(fields.node, "Write “all_of” or “any_of”, not both.")
    if needed is not None and "any_of" not in fields.found:
        fields.reading.report(fields.node, "“needed” belongs to “any_of”.")
    if "any_of" in fields.found and not any_of:
        fields.reading.report(fields.node, "“any_of” needs at least one role; for no votes at all write all_of: [].")
    if needed is not None and any_of and needed > len(any_of):
        fields.reading.report(fields.node, f"“needed” is {needed}, but only {len(any_of)} roles may vote.")
    rule = replace(
        otherwise,
        due_minutes=fields.whole("due_minutes", 1, LONGEST_WAIT_MINUTES) or otherwise.due_minutes,
        expires_minutes=fields.whole("expires_minutes", 1, LONGEST_WAIT_MINUTES) or otherwise.expires_minutes,
    )
    if "all_of" in fields.found or "any_of" in fields.found:
        rule = replace(rule, all_of=all_of, any_of=any_of, needed=needed or 1)
    return rule


def _by_severity(fields: Fields, rule: Approvals) -> dict[str, Approvals]:
    node = fields.get("by_severity")
    if node is None:
        return {}
    inner = Fields(node, fields.reading, "“by_severity”")
    found: dict[str, Approvals] = {}
    for severity in SEVERITIES:
        child = inner.get(severity)
        if child is not None:
            one = Fields(child, fields.reading, f"The rule for {severity}")
            different = _rule(one, rule)
            one.finish()
            if different != rule:
                found[severity] = different
    inner.finish()
    return found
