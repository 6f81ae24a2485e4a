"""What every adapter promises, tried on every action: one request, an honest ending, the truth when asked."""

from dataclasses import replace

import pytest

from apps.providers.base import Access, Observation, Outcome, OutcomeKind, Proof, Provider, Seen, Sending
from apps.providers.redaction import redact, secrets_in
from apps.providers.registry import provider
from apps.providers.simulation import Simulators
from tests.providers.cast import USES, Use
from tests.providers.conftest import Connect

pytestmark = pytest.mark.usefixtures("impatient")

every_use = pytest.mark.parametrize("use", USES, ids=str)
OBSERVABLE = [use for use in USES if use.observable]


@pytest.fixture
def adapter(use: Use) -> Provider:
    """The provider of the use."""
    return provider(use.slug)


@pytest.fixture
def access(use: Use, connect: Connect, simulators: Simulators) -> Access:
    """The access to the simulator of the use, where other hands have done what comes first."""
    for name, order in use.deeds:
        simulators.do(use.slug, name, **order)
    return connect(use.slug, credentials=use.credentials)


def settle(simulators: Simulators, use: Use) -> None:
    """Let the time go by that the effect needs to show."""
    if use.waits:
        simulators.advance(use.waits)


def plain(result: Outcome | Observation, access: Access) -> str:
    """Return everything a result says, and fail when a credential is in it."""
    text = repr(result)
    assert redact(text, secrets_in(access.credentials)) == text
    return text


def patient(sending: Sending, fault: str) -> Sending:
    """Return an attempt that gives up soon where the fault is silence."""
    return replace(sending, deadline_seconds=0.25 if fault.startswith("hang") else 5.0)


@every_use
def test_the_effect_is_seen_after_one_request(
    use: Use, adapter: Provider, access: Access, sending: Sending, simulators: Simulators, log: list[str]
) -> None:
    before = adapter.observe(access, use.call, sending)
    outcome = adapter.apply(access, use.call, sending)
    assert outcome.kind is OutcomeKind.SUCCEEDED, outcome.message
    assert len(simulators.journal(use.slug)) == use.changes
    settle(simulators, use)
    after = adapter.observe(access, use.call, sending)
    assert adapter.verify(access, use.call, sending).proof is Proof.SATISFIED
    assert len(simulators.journal(use.slug)) == use.changes, "looking must change nothing"
    if use.observable:
        assert before.seen is Seen.OTHER
        assert after.seen is Seen.DESIRED, after.summary
    else:
        assert before.seen is after.seen is Seen.UNREADABLE
    plain(outcome, access)
    assert redact("\n".join(log), secrets_in(access.credentials)) == "\n".join(log)
    assert any(line.startswith("→") for line in log)


@every_use
def test_looking_twice_at_an_unchanged_provider_is_no_drift(
    use: Use, adapter: Provider, access: Access, sending: Sending
) -> None:
    planned = adapter.observe(access, use.call)
    assert adapter.observe(access, use.call, sending).identity == planned.identity
    assert bool(planned.identity) is use.observable
    assert not planned.under_way


@every_use
def test_checking_and_observing_change_nothing(
    use: Use, adapter: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    findings = adapter.check(access)
    assert [finding for finding in findings if finding.level == "error"] == []
    assert findings
    adapter.observe(access, use.call, sending)
    adapter.verify(access, use.call, sending)
    assert simulators.journal(use.slug) == []


REFUSALS = [
    ({"kind": "status", "status": 401}, OutcomeKind.REJECTED),
    ({"kind": "status", "status": 403}, OutcomeKind.REJECTED),
    ({"kind": "status", "status": 422}, OutcomeKind.REJECTED),
    ({"kind": "status", "status": 429, "retry_after": 7}, OutcomeKind.RETRY_LATER),
    ({"kind": "status", "status": 500}, OutcomeKind.AMBIGUOUS),
    ({"kind": "status", "status": 503, "retry_after": 2}, OutcomeKind.AMBIGUOUS),
    ({"kind": "reset_before"}, OutcomeKind.AMBIGUOUS),
    ({"kind": "hang_before"}, OutcomeKind.AMBIGUOUS),
    ({"kind": "redirect"}, OutcomeKind.REJECTED),
]


@every_use
@pytest.mark.parametrize(("fault", "kind"), REFUSALS, ids=lambda value: getattr(value, "value", None))
def test_a_request_without_effect_ends_as_what_it_is(
    use: Use,
    fault: dict[str, object],
    kind: OutcomeKind,
    adapter: Provider,
    access: Access,
    sending: Sending,
    simulators: Simulators,
) -> None:
    simulators.fault(slug=use.slug, **fault)
    outcome = adapter.apply(access, use.call, patient(sending, str(fault["kind"])))
    assert outcome.kind is kind, outcome.message
    assert simulators.effects(use.slug) == []
    assert len(simulators.journal(use.slug)) == 1, "a mutating request is never repeated"
    if kind is OutcomeKind.RETRY_LATER:
        assert 0 < (outcome.retry_after_seconds or 0) <= fault["retry_after"] + 10  # type: ignore[operator]
    plain(outcome, access)
    if use.observable:
        settle(simulators, use)
        assert adapter.observe(access, use.call, sending).seen is Seen.OTHER


NO_BODY = {("vercel", action) for action in ("rollback", "promote", "pause", "unpause")}
ANSWERED_204 = {("github", "lift_freeze")}
SPOILT = ["status_after", "reset_after", "hang_after", "truncate", "html", "not_json", "error_body"]


@pytest.mark.parametrize("use", OBSERVABLE, ids=str)
@pytest.mark.parametrize("kind", SPOILT)
def test_an_effect_whose_answer_is_spoilt_is_unknown_and_found_by_looking(
    use: Use, kind: str, adapter: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    if kind == "truncate" and (use.slug, use.call.action) in NO_BODY:
        pytest.skip("its answer has no body to cut")
    if kind in ("truncate", "not_json") and (use.slug, use.call.action) in ANSWERED_204:
        pytest.skip("its answer cannot have a body")
    simulators.fault(kind, slug=use.slug, path=use.last)
    outcome = adapter.apply(access, use.call, patient(sending, kind))
    assert outcome.kind is OutcomeKind.AMBIGUOUS, outcome.message
    plain(outcome, access)
    assert len(simulators.journal(use.slug)) == use.changes
    settle(simulators, use)
    assert adapter.observe(access, use.call, sending).seen is Seen.DESIRED


@pytest.mark.parametrize("use", OBSERVABLE, ids=str)
@pytest.mark.parametrize("kind", ["html", "not_json", "error_body", "reset_before"])
def test_what_cannot_be_read_is_said_and_not_raised(
    use: Use, kind: str, adapter: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.fault(kind, slug=use.slug, reads=True, times=3 if kind == "reset_before" else 100)
    seen = adapter.observe(access, use.call, sending)
    assert seen.seen is Seen.UNREADABLE
    assert seen.summary
    assert adapter.verify(access, use.call, sending).proof is not Proof.VIOLATED
    assert adapter.check(access)
    plain(seen, access)


@every_use
def test_a_withdrawn_permission_stops_the_request(
    use: Use, adapter: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    outcome = adapter.apply(access, use.call, replace(sending, permit=lambda: False))
    assert outcome.kind is OutcomeKind.NOT_SENT
    assert simulators.journal(use.slug) == []


@every_use
def test_a_provider_that_is_not_there_is_not_sent_to(
    use: Use, adapter: Provider, access: Access, sending: Sending
) -> None:
    nowhere = replace(access, base_url="http://127.0.0.1:9")
    outcome = adapter.apply(nowhere, use.call, sending)
    assert outcome.kind is not OutcomeKind.SUCCEEDED
    assert outcome.kind is not OutcomeKind.AMBIGUOUS


@pytest.mark.parametrize("use", {use.slug: use for use in USES}.values(), ids=str)
def test_a_provider_that_is_not_there_is_said_to_be_unreadable(
    use: Use, adapter: Provider, access: Access, sending: Sending
) -> None:
    nowhere = replace(access, base_url="http://127.0.0.1:9")
    assert adapter.observe(nowhere, use.call, sending).seen is Seen.UNREADABLE
    assert "error" in {finding.level for finding in adapter.check(nowhere)}


@every_use
def test_an_address_that_is_not_allowed_is_never_called(
    use: Use,
    adapter: Provider,
    access: Access,
    sending: Sending,
    simulators: Simulators,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OUTBOUND_ALLOW")
    outcome = adapter.apply(access, use.call, sending)
    assert outcome.kind in (OutcomeKind.NOT_SENT, OutcomeKind.RETRY_LATER)
    assert "Address not allowed" in outcome.message
    assert simulators.journal(use.slug) == []


@every_use
def test_a_secret_that_the_provider_sends_back_is_masked(
    use: Use, adapter: Provider, access: Access, sending: Sending, simulators: Simulators, log: list[str]
) -> None:
    echoed = " and ".join(secrets_in(access.credentials))
    simulators.fault("status", slug=use.slug, status=400, body=f'{{"error": {{"message": "bad {echoed}"}}}}', times=9)
    text = plain(adapter.apply(access, use.call, sending), access)
    simulators.fault("status", slug=use.slug, reads=True, status=400, body=f'{{"error": "bad {echoed}"}}', times=99)
    text += plain(adapter.observe(access, use.call, sending), access) + "".join(log)
    assert redact(text, secrets_in(access.credentials)) == text
    assert "400" in text


@every_use
def test_a_wrong_call_is_refused_before_anything_is_sent(
    use: Use, adapter: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    wrong = [
        replace(use.call, parameters={**use.call.parameters, "surprise": 1}),
        replace(use.call, action="dance"),
    ]
    for name in use.call.parameters:
        wrong.append(replace(use.call, parameters={k: v for k, v in use.call.parameters.items() if k != name}))
        wrong.append(replace(use.call, parameters={**use.call.parameters, name: 7}))
    for call in wrong:
        if adapter.problems(call):
            assert adapter.apply(access, call, sending).kind is OutcomeKind.REJECTED
            assert adapter.observe(access, call, sending).seen is Seen.UNREADABLE
    assert simulators.journal(use.slug) == []
    assert sum(bool(adapter.problems(call)) for call in wrong) >= 2


@every_use
def test_a_connection_without_credentials_sends_nothing(
    use: Use, adapter: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    if use.slug == "http":
        pytest.skip("its headers are optional")
    bare = replace(access, credentials={})
    assert adapter.apply(bare, use.call, sending).kind in (
        OutcomeKind.NOT_SENT,
        OutcomeKind.REJECTED,
        OutcomeKind.RETRY_LATER,
    )
    assert {finding.level for finding in adapter.check(bare)} == {"error"}
    assert simulators.journal(use.slug) == []
