"""Upstash: all keys with the prefix, no other key, and the truth about where it stopped."""

import json
from dataclasses import replace
from typing import Any

import pytest

from apps.providers.base import Access, Call, OutcomeKind, Proof, Provider, Reversibility, Seen, Sending
from apps.providers.registry import provider
from apps.providers.simulation import Simulators
from apps.providers.upstash import backups, counting
from apps.providers.upstash.wire import OutOfTime
from tests.providers.conftest import Connect, Serve
from tests.providers.raw import Seen as Request
from tests.providers.raw import answer

SHARE = Call("delete_prefix", {"prefix": "share:"})


@pytest.fixture
def upstash() -> Provider:
    """The adapter."""
    return provider("upstash")


@pytest.fixture
def access(connect: Connect) -> Access:
    """The access to the simulator."""
    return connect("upstash")


def keys(simulators: Simulators) -> list[str]:
    """Return the keys that are left in the first organisation's database."""
    return list(simulators.state("upstash")["databases"]["motion-mavericks"])


def test_every_key_with_the_prefix_goes_and_no_other(
    upstash: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    before = keys(simulators)
    seen = upstash.observe(access, SHARE)
    assert seen.readings["keys"] == sum(key.startswith("share:") for key in before)
    outcome = upstash.apply(access, SHARE, sending)
    assert outcome.kind is OutcomeKind.SUCCEEDED
    assert outcome.evidence["deleted"] == seen.readings["keys"]
    assert keys(simulators) == [key for key in before if not key.startswith("share:")]
    assert len(simulators.journal("upstash")) == 3, "1284 keys are three chunks of at most 500"
    assert upstash.apply(access, SHARE, sending).kind is OutcomeKind.SUCCEEDED
    assert len(simulators.journal("upstash")) == 3, "nothing to delete is nothing to send"


def test_a_moving_number_of_keys_is_no_drift(upstash: Provider, access: Access, simulators: Simulators) -> None:
    planned = upstash.observe(access, SHARE)
    simulators.do("upstash", "fill", organisation="motion-mavericks", prefix="share:", count=7)
    now = upstash.observe(access, SHARE)
    assert now.readings != planned.readings
    assert now.identity == planned.identity


def test_a_cache_that_fills_again_is_no_failure(
    upstash: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    upstash.apply(access, SHARE, sending)
    simulators.do("upstash", "fill", organisation="motion-mavericks", prefix="share:", count=7)
    verdict = upstash.verify(access, SHARE, sending)
    assert verdict.proof is Proof.SATISFIED
    assert "7 were written again" in verdict.message


def test_a_stop_between_two_chunks_says_what_went_and_can_go_on(
    upstash: Provider, access: Access, sending: Sending, again: Sending, simulators: Simulators
) -> None:
    permits = iter([True, False])
    outcome = upstash.apply(access, SHARE, replace(sending, permit=lambda: next(permits)))
    assert outcome.kind is OutcomeKind.RETRY_LATER
    assert outcome.message.startswith("500 keys")
    assert len([key for key in keys(simulators) if key.startswith("share:")]) == 784
    assert upstash.apply(access, SHARE, again).evidence["deleted"] == 784


def test_the_other_tokens_keys_are_not_touched(
    upstash: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    before = simulators.state("upstash")["databases"]["partpulse"]
    upstash.apply(access, Call("flush", {}), sending)
    assert keys(simulators) == []
    assert simulators.state("upstash")["databases"]["partpulse"] == before


@pytest.mark.parametrize("prefix", ["", " ", "*", "**", "?*", "share:*", " share:", "share: "])
def test_a_prefix_that_means_everything_or_something_else_is_refused(
    prefix: str, upstash: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    call = Call("delete_prefix", {"prefix": prefix})
    assert upstash.problems(call)
    assert upstash.apply(access, call, sending).kind is OutcomeKind.REJECTED
    assert upstash.observe(access, call).seen is Seen.UNREADABLE
    assert simulators.journal("upstash") == []


def test_signs_of_the_pattern_language_are_plain_signs_in_a_prefix(
    upstash: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    for prefix in ("a[1]:", "a1:", "b*c:", "bxc:", "d\\e:"):
        simulators.do("upstash", "fill", organisation="motion-mavericks", prefix=prefix, count=2)
    for prefix in ("a[1]:", "b*c:", "d\\e:"):
        outcome = upstash.apply(access, Call("delete_prefix", {"prefix": prefix}), sending)
        assert outcome.evidence.get("deleted") == 2, prefix
    left = [key.split("again")[0] for key in keys(simulators)]
    assert {"a1:", "bxc:"} <= set(left)
    assert not {"a[1]:", "b*c:", "d\\e:"} & set(left)


def test_a_read_only_token_is_told_apart(
    upstash: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.settings("upstash", read_only=True)
    assert {finding.code for finding in upstash.check(access) if finding.level == "error"} == {"rights"}
    outcome = upstash.apply(access, SHARE, sending)
    assert outcome.kind is OutcomeKind.REJECTED
    assert "No key was deleted" in outcome.message


class Redis:
    """A database on one raw address; `lies` confirms deletions it does not make, `deaf` ignores MATCH."""

    def __init__(self, *keys: str, lies: bool = False, deaf: bool = False, without: str = "") -> None:
        self.keys, self.lies, self.deaf, self.without = list(keys), lies, deaf, without
        self.changes: list[list[str]] = []

    def __call__(self, request: Request, connection: Any) -> None:
        command = request.json()
        if command[0] == self.without:
            status, body = 400, {"error": f"ERR unknown command '{command[0]}'"}
        else:
            status, body = 200, {"result": self.result(command)}
        answer(status, body)(request, connection)

    def result(self, command: list[str]) -> Any:
        """Carry out a command."""
        if command[0] == "SCAN":
            prefix = "" if self.deaf else command[3].rstrip("*")
            return ["0", [key for key in self.keys if key.startswith(prefix)]]
        self.changes.append(command)
        if not self.lies:
            self.keys = [key for key in self.keys if key not in command]
        return len(command) - 1


def test_a_server_that_ignores_the_pattern_cannot_make_us_delete_more(
    upstash: Provider, serve: Serve, sending: Sending
) -> None:
    redis = Redis("share:1", "session:1", deaf=True)
    upstash.apply(Access(serve(redis).url, {}, {"rest_token": "token-123"}), SHARE, sending)
    assert redis.changes == [["UNLINK", "share:1"]]


def test_a_server_that_confirms_but_does_not_delete_is_found_out(
    upstash: Provider, serve: Serve, sending: Sending
) -> None:
    redis = Redis("share:1", "share:2", lies=True)
    outcome = upstash.apply(Access(serve(redis).url, {}, {"rest_token": "token-123"}), SHARE, sending)
    assert outcome.kind is OutcomeKind.AMBIGUOUS


def test_a_server_without_unlink_gets_del(upstash: Provider, serve: Serve, sending: Sending) -> None:
    redis = Redis("share:1", without="UNLINK")
    outcome = upstash.apply(Access(serve(redis).url, {}, {"rest_token": "token-123"}), SHARE, sending)
    assert outcome.kind is OutcomeKind.SUCCEEDED
    assert redis.changes == [["DEL", "share:1"]]


def test_commands_go_to_the_address_itself_with_a_bearer_token(
    upstash: Provider, serve: Serve, sending: Sending
) -> None:
    server = serve(answer(200, {"result": "OK"}))
    upstash.apply(Access(f"{server.url}/db", {}, {"rest_token": "token-123"}), Call("flush", {}), sending)
    (request,) = server.requests
    assert (request.method, request.target) == ("POST", "/db")
    assert request.headers["authorization"] == "Bearer token-123"
    assert json.loads(request.body) == ["FLUSHDB"]


# --- counting --------------------------------------------------------------------------------------------------------

COUNTS = [
    ({"prefix": "share:", "at_least": 1284}, True),
    ({"prefix": "share:", "at_most": 1283}, False),
    ({"prefix": "nothing:", "at_most": 0}, True),
    ({"prefix": "nothing:", "at_least": 1}, False),
    ({"at_least": 1500, "at_most": 1700}, True),
]


@pytest.mark.parametrize(("asked", "holds"), COUNTS, ids=str)
def test_a_count_is_held_against_its_limits(
    asked: dict[str, Any], holds: bool, upstash: Provider, access: Access, simulators: Simulators
) -> None:
    assert upstash.examine(access, Call("key_count", asked)).holds is holds
    assert simulators.journal("upstash") == []


def test_a_count_against_nothing_is_refused(upstash: Provider, access: Access) -> None:
    assert upstash.check_problems(Call("key_count", {"prefix": "share:"}))


def test_a_count_that_ran_out_of_time_proves_only_the_least(
    upstash: Provider, access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    def few(*_: Any) -> Any:
        yield ["share:1", "share:2"]
        raise OutOfTime("The time is over.")

    monkeypatch.setattr(counting, "keys_with", few)
    asked = {"prefix": "share:"}
    assert upstash.examine(access, Call("key_count", {**asked, "at_least": 2})).holds is True
    assert upstash.examine(access, Call("key_count", {**asked, "at_least": 3})).holds is None
    assert upstash.examine(access, Call("key_count", {**asked, "at_most": 1})).holds is False
    assert upstash.examine(access, Call("key_count", {**asked, "at_most": 2})).holds is None


def test_a_plan_whose_limit_is_used_up_is_told_and_changes_nothing(
    upstash: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.settings("upstash", exhausted=True)
    outcome = upstash.apply(access, Call("flush", {}), sending)
    assert (outcome.kind, outcome.needs_operator) == (OutcomeKind.REJECTED, True)
    assert "The plan's limit is used up" in outcome.message
    assert simulators.effects("upstash") == []


# --- backups ---------------------------------------------------------------------------------------------------------

BACKUP = Call("backup", {"name": "pre-INC-42"})


@pytest.fixture
def owned(connect: Connect, simulators: Simulators) -> Access:
    """The access with an account of Upstash's own."""
    account = simulators.describe()["upstash"]["objects"]["management"]
    return connect("upstash", credentials={f"management_{name}": value for name, value in account.items()})


def test_deleted_keys_never_come_back_by_the_portal(upstash: Provider) -> None:
    assert upstash.action("delete_prefix").reversibility is Reversibility.NEVER


def test_a_backup_is_found_by_its_name_when_it_is_made(
    upstash: Provider, owned: Access, sending: Sending, simulators: Simulators
) -> None:
    assert upstash.observe(owned, BACKUP).seen is Seen.OTHER
    assert upstash.apply(owned, BACKUP, sending).kind is OutcomeKind.SUCCEEDED
    pending = upstash.observe(owned, BACKUP)
    assert (pending.seen, pending.under_way) == (Seen.OTHER, True)
    simulators.advance(30)
    assert upstash.verify(owned, BACKUP, sending).proof is Proof.SATISFIED


def test_an_account_that_can_keep_a_backup_flushes_only_over_one(
    upstash: Provider, owned: Access, sending: Sending, simulators: Simulators
) -> None:
    flush = Call("flush", {})
    lock = upstash.airlock(owned, flush)
    assert lock is not None
    assert "there is none yet" in lock.safety_copy
    outcome = upstash.apply(owned, flush, sending)
    assert outcome.kind is OutcomeKind.REJECTED
    assert "let “backup” make one first" in outcome.message
    assert simulators.journal("upstash") == []
    upstash.apply(owned, BACKUP, sending)
    assert upstash.apply(owned, flush, sending).kind is OutcomeKind.REJECTED, "it is not completed yet"
    simulators.advance(30)
    assert upstash.apply(owned, flush, sending).kind is OutcomeKind.SUCCEEDED
    assert keys(simulators) == []


def test_without_an_account_the_airlock_says_that_there_is_no_copy(upstash: Provider, access: Access) -> None:
    lock = upstash.airlock(access, Call("flush", {}))
    assert lock is not None
    assert lock.safety_copy.startswith("None: ")


def test_a_database_in_maintenance_is_asked_again(
    upstash: Provider, owned: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.settings("upstash", maintenance=True)
    outcome = upstash.apply(owned, BACKUP, sending)
    assert outcome.kind is OutcomeKind.RETRY_LATER
    assert "maintenance mode" in outcome.message


def test_the_preflight_tells_plan_and_newest_backup(upstash: Provider, owned: Access, connect: Connect) -> None:
    found = {finding.code: finding for finding in upstash.check(owned)}
    assert (found["backups"].level, "plan payg" in found["backups"].message) == ("ok", True)
    wrong = connect("upstash", credentials={"management_email": "a@b.example", "management_key": "not-the-key"})
    assert {finding.code: finding.level for finding in upstash.check(wrong)}["backups"] == "error"


def test_the_developer_api_is_asked_at_its_own_host(upstash: Provider, owned: Access) -> None:
    own = replace(owned, base_url="https://happy-cat-1.upstash.io")
    assert backups._home(own).base_url == ""
    assert backups._home(owned).base_url == owned.base_url


def test_a_database_of_another_account_is_not_taken(
    upstash: Provider, owned: Access, sending: Sending, simulators: Simulators
) -> None:
    other = simulators.describe()["upstash"]["organisations"]["partpulse"]["credentials"]["rest_token"]
    stranger = replace(owned, credentials={**owned.credentials, "rest_token": other})
    assert upstash.apply(stranger, BACKUP, sending).kind is OutcomeKind.REJECTED
    elsewhere = replace(owned, settings={"database_id": "db-partpulse"})
    assert upstash.apply(elsewhere, BACKUP, sending).kind is OutcomeKind.REJECTED
    assert simulators.effects("upstash") == []
