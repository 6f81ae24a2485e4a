"""Upstash's own Python client works against the simulator: base64, pipelines, SCAN with its oddities."""

import pytest
from upstash_redis import Redis
from upstash_redis.errors import UpstashError

from apps.providers.simulation import Simulators
from tests.simulators import ask


@pytest.fixture
def token(simulators: Simulators) -> str:
    found: str = simulators.describe()["upstash"]["credentials"]["rest_token"]
    return found


@pytest.fixture
def redis(simulators: Simulators, token: str) -> Redis:
    return Redis(url=simulators.address("upstash"), token=token, rest_retries=0)


def scanned(redis: Redis, pattern: str) -> tuple[list[str], list[int]]:
    """Every key SCAN gives, repeats included, and how large each batch was."""
    cursor: int | str = 0
    keys: list[str] = []
    batches: list[int] = []
    while True:
        cursor, found = redis.scan(cursor, match=pattern, count=1000)
        keys += found
        batches.append(len(found))
        if int(cursor) == 0:
            return keys, batches


def test_strings_come_and_go_unharmed(redis: Redis) -> None:
    assert redis.set("grüße", "na\nja ✓") is True
    assert redis.get("grüße") == "na\nja ✓"
    assert redis.get("nothing") is None
    assert redis.delete("grüße", "nothing") == 1


def test_scan_finds_every_share_page_some_twice_with_empty_batches_between(redis: Redis) -> None:
    keys, batches = scanned(redis, "share:*")
    assert len(set(keys)) == 1284
    assert len(keys) > 1284
    assert 0 in batches[:-1]


def test_a_prefix_is_deleted_while_it_is_scanned_and_nothing_else_is_touched(redis: Redis) -> None:
    before = redis.dbsize()
    cursor: int | str = 0
    removed = 0
    while True:
        cursor, keys = redis.scan(cursor, match="share:*", count=100)
        removed += redis.unlink(*keys) if keys else 0
        if int(cursor) == 0:
            break
    assert removed == 1284
    assert redis.dbsize() == before - 1284
    assert scanned(redis, "share:*")[0] == []


def test_a_pattern_takes_what_is_escaped_literally(redis: Redis) -> None:
    redis.mset({"odd*key": "1", "oddXkey": "1", "odd[a]": "1", "odda": "1"})
    assert set(scanned(redis, "odd\\*key")[0]) == {"odd*key"}
    assert set(scanned(redis, "odd[a-c]")[0]) == {"odda"}


def test_flushing_twice_is_ok(redis: Redis) -> None:
    assert redis.flushdb() is True
    assert redis.flushdb() is True
    assert redis.dbsize() == 0


def test_a_failed_command_is_400_and_in_a_pipeline_an_item(redis: Redis, simulators: Simulators, token: str) -> None:
    redis.set("word", "abc")
    with pytest.raises(UpstashError, match="not an integer"):
        redis.incr("word")
    headers = {"Authorization": f"Bearer {token}"}
    base = simulators.address("upstash")
    assert ask(f"{base}/", "POST", headers=headers, data=["INCR", "word"]).status == 400
    many = ask(f"{base}/pipeline", "POST", headers=headers, data=[["SET", "a", "1"], ["INCR", "word"]])
    assert (many.status, many.json()[0]) == (200, {"result": "OK"})
    assert "error" in many.json()[1]


def test_a_pipeline_and_a_transaction_answer_each_command(redis: Redis) -> None:
    pipeline = redis.pipeline()
    pipeline.set("a", "1").incr("a").get("a")
    assert pipeline.exec() == [True, 2, "2"]
    transaction = redis.multi()
    transaction.incr("a").delete("a")
    assert transaction.exec() == [3, 1]


def test_a_wrong_token_is_401_and_a_reading_one_neither_writes_nor_scans(simulators: Simulators, token: str) -> None:
    address = simulators.address("upstash")
    assert ask(f"{address}/", "POST", headers={"Authorization": "Bearer no"}, data=["PING"]).status == 401
    reader = Redis(url=address, token=f"{token}-read-only", rest_retries=0)
    assert reader.get("share:00001") == "signed-with-key-1"
    for forbidden in (lambda: reader.scan(0), lambda: reader.delete("share:00001")):
        with pytest.raises(UpstashError, match="NOPERM"):
            forbidden()


def test_a_command_in_the_path_and_an_unknown_one(simulators: Simulators, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    base = simulators.address("upstash")
    assert ask(f"{base}/get/share:00001", headers=headers).json() == {"result": "signed-with-key-1"}
    assert ask(f"{base}/", "POST", headers=headers, data=["SUBSCRIBE", "x"]).status == 400


def test_each_organisation_has_a_database_of_its_own(simulators: Simulators) -> None:
    organisations = simulators.describe()["upstash"]["organisations"]
    token = organisations["partpulse"]["credentials"]["rest_token"]
    other = Redis(url=simulators.address("upstash"), token=token, rest_retries=0)
    other.flushdb()
    assert len(simulators.state("upstash")["databases"]["motion-mavericks"]) > 1284


def test_only_writing_is_in_the_journal_with_counts(redis: Redis, simulators: Simulators) -> None:
    redis.dbsize()
    scanned(redis, "session:*")
    assert simulators.journal("upstash") == []
    redis.unlink("share:00001", "share:00002", "share:never")
    (effect,) = simulators.effects("upstash")
    assert (effect["kind"], effect["keys_before"] - effect["keys_after"]) == ("unlink", 2)
