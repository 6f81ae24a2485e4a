"""What every check promises, tried on every one in the cast: it changes nothing, and says what it could not read."""

from dataclasses import replace
from typing import Any

import pytest

from apps.providers import registry
from apps.providers.base import Access, Call, Check, CheckResult, Provider
from apps.providers.redaction import redact, secrets_in
from apps.providers.simulation import Simulators
from apps.providers.simulation.registry import BUILT_IN as SIMULATED
from tests.providers.cast import ASKS, Ask
from tests.providers.conftest import Connect

pytestmark = pytest.mark.usefixtures("impatient")

every_ask = pytest.mark.parametrize("ask", ASKS, ids=str)
every_slug = pytest.mark.parametrize("slug", sorted({ask.slug for ask in ASKS}))
every_measurement = pytest.mark.parametrize(
    "ask", [one for one in ASKS if registry.provider(one.slug).declared_check(one.call.action).measures], ids=str
)
ANYTHING = 1e15  # a limit that no value of any source reaches
MARKS = {"done", "failed", "unknown"}


@pytest.fixture
def adapter(ask: Ask) -> Provider:
    """The provider that is asked."""
    return registry.provider(ask.slug)


@pytest.fixture
def declared(ask: Ask, adapter: Provider) -> Check:
    """The check as it is declared."""
    return adapter.declared_check(ask.call.action)


@pytest.fixture
def access(ask: Ask, connect: Connect) -> Access:
    """The access to the simulator of the ask."""
    return connect(ask.slug, settings=ask.settings, credentials=ask.credentials)


def sane(result: CheckResult, access: Access, log: list[str]) -> CheckResult:
    """Return the result; fail when it says too little, or when it or the log holds a credential."""
    text = "\n".join([repr(result), *log])
    assert redact(text, secrets_in(access.credentials)) == text
    assert result.message.strip().endswith((".", "”"))
    assert {mark for mark, _ in result.readings} <= MARKS
    return result


def asked(log: list[str]) -> bool:
    """Say whether anything left for the provider."""
    return any(line.startswith("→") for line in log)


def with_parameters(call: Call, **changes: Any) -> Call:
    """Return the call with some parameters changed; None takes one away."""
    given = {**call.parameters, **changes}
    return replace(call, parameters={name: value for name, value in given.items() if value is not None})


@every_ask
def test_it_is_told_as_it_is_and_nothing_is_changed_by_asking(
    ask: Ask, adapter: Provider, access: Access, simulators: Simulators, log: list[str]
) -> None:
    result = sane(adapter.examine(access, ask.call), access, log)
    assert result.holds is ask.holds, result.message
    assert result.readings
    assert asked(log)
    again = adapter.examine(access, ask.call)
    assert (again.holds, again.value) == (result.holds, result.value)
    assert simulators.effects(ask.slug) == []
    assert ask.posts or simulators.journal(ask.slug) == []


@every_ask
def test_the_preflight_finds_everything_in_order_and_changes_nothing(
    ask: Ask, adapter: Provider, access: Access, simulators: Simulators
) -> None:
    findings = adapter.check(access)
    assert [finding for finding in findings if finding.level == "error"] == []
    assert findings
    assert simulators.effects(ask.slug) == []


TROUBLE: list[dict[str, Any]] = [
    {"kind": "status", "status": 401},
    {"kind": "status", "status": 403},
    {"kind": "status", "status": 429, "retry_after": 7},
    {"kind": "status", "status": 503},
    {"kind": "html"},
    {"kind": "not_json"},
    {"kind": "error_body"},
    {"kind": "redirect"},
]


@every_ask
@pytest.mark.parametrize("trouble", TROUBLE, ids=lambda one: f"{one['kind']}-{one.get('status', '')}")
def test_an_answer_that_tells_nothing_is_never_taken_for_health(
    ask: Ask, trouble: dict[str, Any], adapter: Provider, access: Access, simulators: Simulators, log: list[str]
) -> None:
    simulators.fault(slug=ask.slug, reads=None, times=100, **trouble)
    result = sane(adapter.examine(access, ask.call), access, log)
    assert result.holds in ((None, False) if ask.judges_answers else (None,)), result.message
    assert result.value is None


@every_slug
@pytest.mark.parametrize("trouble", [{"kind": "status", "status": 403}, {"kind": "not_json"}], ids=str)
def test_a_preflight_that_is_told_nothing_says_so(
    slug: str, trouble: dict[str, Any], connect: Connect, simulators: Simulators
) -> None:
    simulators.fault(slug=slug, reads=None, times=100, **trouble)
    findings = registry.provider(slug).check(connect(slug))
    assert findings
    assert all(finding.message for finding in findings)


@every_ask
def test_a_broken_connection_is_said_and_not_raised(
    ask: Ask, adapter: Provider, access: Access, simulators: Simulators, log: list[str]
) -> None:
    simulators.fault("reset_before", slug=ask.slug, reads=None, times=100)
    result = sane(adapter.examine(access, ask.call), access, log)
    assert (result.holds, result.value) in ((None, None), (False if ask.judges_answers else None, None))
    assert [mark for mark, _ in result.readings] != ["done"]


@every_ask
def test_one_broken_connection_is_tried_again(
    ask: Ask, adapter: Provider, access: Access, simulators: Simulators
) -> None:
    if ask.judges_answers:
        pytest.skip("a failure of what it looks at is its answer")
    simulators.fault("reset_before", slug=ask.slug, reads=None)
    assert adapter.examine(access, ask.call).holds is ask.holds


@every_ask
def test_a_provider_that_is_not_there_is_said_to_be_unreadable(
    ask: Ask, adapter: Provider, access: Access, log: list[str]
) -> None:
    nowhere = replace(access, base_url="http://127.0.0.1:9")
    result = sane(adapter.examine(nowhere, ask.call), access, log)
    assert result.holds in ((None, False) if ask.judges_answers else (None,))


@every_slug
def test_the_preflight_of_a_provider_that_is_not_there_is_an_error(slug: str, connect: Connect) -> None:
    nowhere = replace(connect(slug), base_url="http://127.0.0.1:9")
    assert "error" in {finding.level for finding in registry.provider(slug).check(nowhere)}


@every_ask
def test_an_address_that_is_not_allowed_is_never_asked(
    ask: Ask, adapter: Provider, access: Access, log: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OUTBOUND_ALLOW")
    elsewhere = replace(access, base_url="http://127.0.0.2:9")  # to which no connection is still open from before
    result = sane(adapter.examine(elsewhere, ask.call), access, log)
    assert result.holds is not True
    assert "Address not allowed" in result.message


@every_ask
def test_a_secret_that_the_provider_sends_back_is_masked(
    ask: Ask, adapter: Provider, access: Access, simulators: Simulators, log: list[str]
) -> None:
    echoed = " and ".join(secrets_in(access.credentials))
    body = f'{{"error": {{"message": "bad {echoed}"}}, "message": "bad {echoed}"}}'
    simulators.fault("status", slug=ask.slug, reads=None, status=400, body=body, times=100)
    result = sane(adapter.examine(access, ask.call), access, log)
    assert result.holds is not True
    found = "\n".join(finding.message for finding in adapter.check(access))
    assert redact(found, secrets_in(access.credentials)) == found


@every_ask
def test_a_wrong_question_is_refused_before_anything_is_sent(
    ask: Ask, adapter: Provider, declared: Check, access: Access, log: list[str]
) -> None:
    wrong = [with_parameters(ask.call, surprise=1), replace(ask.call, action="dance")]
    for parameter in declared.takes():
        if parameter.required:
            wrong.append(with_parameters(ask.call, **{parameter.name: None}))
        if parameter.kind != "json":
            wrong.append(with_parameters(ask.call, **{parameter.name: {"not": "this"}}))
    for call in wrong:
        assert adapter.check_problems(call), call
        assert adapter.examine(access, call).holds is None
    assert not asked(log)


@every_ask
def test_a_connection_without_credentials_asks_nothing(
    ask: Ask, adapter: Provider, access: Access, log: list[str]
) -> None:
    if not any(field.required for field in adapter.credentials):
        pytest.skip("it can be asked without any")
    bare = replace(access, credentials={})
    result = adapter.examine(bare, ask.call)
    assert (result.holds, asked(log)) == (None, False)
    assert "error" in {finding.level for finding in adapter.check(bare)}


@every_measurement
def test_a_value_is_judged_by_its_limits(ask: Ask, adapter: Provider, access: Access) -> None:
    told = adapter.examine(access, with_parameters(ask.call, above=-ANYTHING, below=ANYTHING))
    assert told.value is not None, told.message
    assert told.window_seconds
    assert told.holds is True
    for limits in ({"above": ANYTHING, "below": None}, {"below": -ANYTHING, "above": None}):
        refuted = adapter.examine(access, with_parameters(ask.call, **limits))
        assert (refuted.holds, refuted.value) == (False, told.value)


@every_measurement
def test_a_window_finer_than_the_source_can_tell_is_refused(
    ask: Ask, adapter: Provider, declared: Check, access: Access, log: list[str]
) -> None:
    finer = declared.resolution_seconds / 60 * 0.9
    for call in (
        with_parameters(ask.call, window_minutes=finer),
        with_parameters(ask.call, window_minutes=-5),
        with_parameters(ask.call, below=None, above=None),
    ):
        assert adapter.check_problems(call)
        assert adapter.examine(access, call).holds is None
    assert not asked(log)


WITH_CHECKS = [one.slug for one in registry.providers() if one.checks and one.slug in SIMULATED]


@pytest.mark.parametrize("slug", WITH_CHECKS)
def test_every_check_of_a_provider_that_has_a_simulator_is_in_the_cast(slug: str) -> None:
    declared = {check.name for check in registry.provider(slug).checks}
    assert {ask.call.action for ask in ASKS if ask.slug == slug} == declared
