"""What bad input gets: one shape, one text, nothing half-written."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.acceptance.client import Api
from tests.acceptance.instance import Product
from tests.acceptance.rival import Rival
from tests.acceptance.world import People, World

NOWHERE = "01a1f872-0000-7000-8000-000000000000"


def test_without_a_valid_token_nothing_is_told(product: Product) -> None:
    for token in ("", "rb_wrong_wrong", "Bearer", "rb_" + "0" * 80):
        stranger = Api(product.url, token)
        for path in ("/incidents", f"/rollbacks/{NOWHERE}", "/nowhere"):
            answer = stranger.get(path)
            assert answer.status in {401, 404}, answer
            if path != "/nowhere":
                answer.refused(401)


def test_guessing_tokens_is_slowed_down(product: Product) -> None:
    stranger = Api(product.url, "rb_wrong_wrong", local_address="127.0.0.9")
    answers = [stranger.get("/incidents") for _ in range(120)]
    slowed = next(answer for answer in answers if answer.status == 429)
    slowed.refused(429)
    assert int(slowed.headers["retry-after"]) > 0


def test_a_scope_that_the_token_lacks_is_named(product: Product, world: World) -> None:
    reader = product.token("incident-commander@acceptance.example", "acme", [])  # no scope given means read
    reader.get("/incidents").must(200)
    body = {"title": "x", "severity": "P1", "service": world.slug, "environment": "production"}
    assert "write" in reader.post("/incidents", body).refused(403)["detail"]


@pytest.mark.parametrize(
    "change",
    [
        {"title": ""}, {"title": None}, {"title": 7}, {"severity": "P9"}, {"severity": None}, {"surprise": 1},
        {"affected_users_percent": 101}, {"affected_users_percent": -1}, {"affected_users_percent": "many"},
        {"started_at": "yesterday"}, {"externally_visible": "perhaps"}, {"title": "x" * 5000}, {"title": "a\x00b"},
        {"started_at": "2999-01-01T00:00:00Z"},
    ],
    ids=str,
)  # fmt: skip
def test_an_invalid_field_is_named(world: World, change: dict[str, Any]) -> None:
    body = {"title": "Fine", "severity": "P1", "service": world.slug, "environment": "production"}
    before = len(world.people.commander.all("/incidents", limit=200))
    refusal = world.people.commander.post("/incidents", body | change).refused(422)
    assert next(iter(change)) in str(refusal["field"]), refusal
    assert len(world.people.commander.all("/incidents", limit=200)) == before


def test_unknown_references_are_told_alike(world: World, rival: Rival) -> None:
    body = {"title": "Fine", "severity": "P1", "service": world.slug, "environment": "production"}
    texts = set()
    for service in ("no-such", rival.service, NOWHERE, "../etc"):
        texts.add(world.people.commander.post("/incidents", body | {"service": service}).refused(422)["detail"])
    world.people.commander.post("/incidents", body | {"environment": "moon"}).refused(422, "unknown_reference")
    assert len(texts) == 1, texts
    environment = {"name": "other", "kind": "staging", "connections": {"hosting": rival.connection}}
    foreign = world.people.admin.post(f"/services/{world.slug}/environments", environment)
    unknown = world.people.admin.post(
        f"/services/{world.slug}/environments", environment | {"connections": {"hosting": NOWHERE}}
    )
    assert foreign.refused(422, "unknown_reference") == unknown.refused(422, "unknown_reference")


def test_another_organisation_is_a_wall(world: World, rival: Rival) -> None:
    rollback = world.propose("only-hosting")
    (question,) = [one for one in world.people.founder.all("/approvals") if one["plan_hash"] == rollback["plan_hash"]]
    body = {"decision": "approve", "plan_hash": rollback["plan_hash"]}
    reads = [
        f"/incidents/{world.incident}", f"/incidents/{world.incident}/timeline", f"/incidents/{world.incident}/stream",
        f"/incidents/{world.incident}/checklists", f"/rollbacks/{rollback['id']}", f"/rollbacks/{rollback['id']}/plan",
        f"/connections/{world.connections['hosting']}", f"/services/{world.slug}",
        "/playbooks/only-hosting", "/playbooks/only-hosting/revisions/1",
    ]  # fmt: skip
    writes: list[tuple[str, dict[str, Any] | None]] = [
        (f"/incidents/{world.incident}/resolution", {"note": "x"}),
        (f"/incidents/{world.incident}/rollbacks", {"playbook": "only-hosting"}),
        (f"/incidents/{world.incident}/updates", {"audience": "public", "text": "Nothing to see"}),
        (f"/rollbacks/{rollback['id']}/approvals", body),
        (f"/rollbacks/{rollback['id']}/plans", None),
        (f"/rollbacks/{rollback['id']}/pause", {"reason": "x"}),
        (f"/rollbacks/{rollback['id']}/cancellation", {"reason": "x"}),
        (f"/rollbacks/{rollback['id']}/steps/1/skip", {"reason": "x"}),
        (f"/approvals/{question['id']}/votes", body),
        (f"/connections/{world.connections['hosting']}/checks", None),
        (f"/services/{world.slug}/environments", {"name": "mine", "kind": "staging"}),
        ("/playbooks/only-hosting/revisions/1/publication", {"comment": "x"}),
    ]
    for path in reads:
        unknown = path.replace(rollback["id"], NOWHERE).replace(world.incident, NOWHERE)
        unknown = unknown.replace(world.connections["hosting"], NOWHERE).replace(world.slug, "no-such")
        unknown = unknown.replace("only-hosting", "no-such-one")
        assert rival.commander.get(path).refused(404) == world.people.commander.get(unknown).refused(404), path
    for path, given in writes:
        rival.commander.post(path, given).refused(404)
    world.people.founder.post(f"/freezes/{rival.freeze}/lifting", {"reason": "x"}).refused(404)
    for listing in ("/incidents", "/rollbacks", "/services", "/connections", "/people", "/deployments", "/audit"):
        assert "acceptance.example" not in str(rival.admin.all(listing)), listing
        assert world.slug not in str(rival.admin.all(listing)), listing
    assert world.people.commander.rollback(rollback["id"])["state"] == "awaiting_approval"


def test_a_repeat_with_the_same_key_gets_the_first_answer(world: World) -> None:
    body = {"title": "Fine", "severity": "P1", "service": world.slug, "environment": "production"}
    commander, key = world.people.commander, f"incident-{world.number}"
    first = commander.post("/incidents", body, key=key)
    again = commander.post("/incidents", body, key=key)
    assert (first.must(201), first.raw) == (again.must(201), again.raw)
    commander.post("/incidents", body | {"title": "Other"}, key=key).refused(422)
    mine = [one for one in commander.all("/incidents", service=world.slug) if one["title"] == "Fine"]
    assert len(mine) == 1


def test_many_at_once_with_one_key_make_one_thing(world: World) -> None:
    body, key = {"playbook": "only-hosting"}, f"rollback-{world.number}"
    path = f"/incidents/{world.incident}/rollbacks"
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: world.people.commander.post(path, body, key=key), range(8)))
    assert {answer.status for answer in answers} <= {201, 409}, [answer.raw for answer in answers]
    made = {answer.body["id"] for answer in answers if answer.status == 201}
    assert len(made) == 1
    assert len(world.people.commander.all("/rollbacks", incident=world.incident)) == 1


def test_many_votes_at_once_start_one_run(world: World) -> None:
    rollback = world.propose("only-hosting")
    voters = [world.people.founder, world.people.success] * 6
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda by: world.vote(by, rollback), voters))
    assert {answer.status for answer in answers} <= {201, 409}, [answer.raw for answer in answers]
    done = world.people.commander.wait(rollback["id"])
    assert len(done["approvals"]["given"]) == 2
    assert len(world.vercel.writes) == 1


def test_a_body_that_is_too_large_is_refused(world: World) -> None:
    large = b'{"title": "' + b"x" * 1_200_000 + b'"}'
    headers = {"Content-Type": "application/json"}
    world.people.commander.post("/incidents", content=large, headers=headers).refused(413)
    headers = {"Content-Type": "application/yaml"}
    world.people.reliability.post("/playbooks", content=b"# " + b"x" * 300_000, headers=headers).refused(413)


def test_a_bad_playbook_is_refused_with_its_lines(people: People) -> None:
    text = "version: 1\nslug: broken\nname: Broken\nsteps:\n  - {name: One, use: hosting.levitate}\n  - {nam: Two}\n"
    headers = {"Content-Type": "application/yaml"}
    refusal = people.reliability.post("/playbooks", content=text.encode(), headers=headers).refused(422)
    assert {5, 6} & {problem.get("line") for problem in refusal.get("problems", refusal.get("errors", []))}, refusal
    for junk in (b"", b"\xff\xfe", b"{[", b"a: &a [*a]", b"!!python/object/apply:os.system [id]", b"- 1\n- 2"):
        people.reliability.post("/playbooks", content=junk, headers=headers).refused(422)
    people.reliability.get("/playbooks/broken").refused(404)


def test_no_connection_reaches_a_private_address(world: World) -> None:
    body = world.bodies()["hosting"]
    free = f"http://127.0.0.1:{world.product.port}"
    for number, address in enumerate(
        (
            "http://169.254.169.254/latest", "http://10.0.0.1", "https://192.168.1.1", "http://[::1]:5432",
            "http://localhost:22", "http://0.0.0.0:8000", "http://127.1:9", "file:///etc/passwd", "gopher://127.0.0.1",
            "http://user:pass@127.0.0.1:1", "http://2130706433:9", free, "nonsense", "http://",
        )
    ):  # fmt: skip
        wrong = body | {"name": f"private {world.number} {number}", "base_url": address}
        refusal = world.people.admin.post("/connections", wrong).refused(422)
        assert refusal["field"] == "base_url", refusal
    local = body | {"name": f"by name {world.number}", "base_url": body["base_url"].replace("127.0.0.1", "localhost")}
    made = world.people.admin.post("/connections", local).must(201)
    assert world.people.admin.post(f"/connections/{made['id']}/checks").body["ok"] is True


def test_only_an_administrator_connects(world: World) -> None:
    body = world.bodies()["hosting"] | {"name": "mine"}
    for other in (world.people.commander, world.people.founder, world.people.stakeholder):
        other.post("/connections", body).refused(403)


def test_no_secret_ever_comes_back(world: World) -> None:
    admin = world.people.admin
    said = "".join(
        answer.raw.decode()
        for answer in (
            admin.get("/connections", limit=200), admin.get("/audit", limit=200), admin.get("/services"),
            *(admin.get(f"/connections/{key}") for key in world.connections.values()),
        )
    )  # fmt: skip
    for secret in (world.vercel.token, world.flags.token, world.cache.token, world.slack.token, world.pagerduty.token):
        assert secret not in said


def test_lists_are_walked_by_their_cursor(world: World) -> None:
    for number in range(5):
        world.declare(title=f"Number {number}")
    commander = world.people.commander
    for path in (
        "/incidents",
        "/deployments",
        "/services",
        "/connections",
        "/people",
        "/roles",
        "/rollbacks",
        "/audit",
    ):
        few, many = commander.all(path, limit=67) if path != "/audit" else [], commander.all(path, limit=200)
        ids = [one["id"] for one in many]
        assert len(set(ids)) == len(ids), path
        assert not few or {one["id"] for one in few} == set(ids), path
        for query in ({"limit": 0}, {"limit": "x"}, {"limit": 100000}, {"after": "nonsense!"}, {"surprise": 1}):
            commander.get(path, **query).refused(422)


def test_a_list_that_grows_is_walked_without_gap_or_repeat(world: World) -> None:
    commander, path = world.people.commander, f"/incidents/{world.incident}/timeline"
    first = commander.get(path, limit=1).must(200)
    commander.wait(world.start("only-flags"))
    rest = []
    after = str(first["items"][-1]["seq"])
    while after is not None:
        page = commander.get(path, limit=3, after=after).must(200)
        rest += page["items"]
        after = page["next"]
    assert first["items"] + rest == commander.timeline(world.incident)


def test_a_person_without_a_vote_does_not_vote_by_another_door(world: World) -> None:
    rollback = world.propose("only-hosting")
    body = {"decision": "approve", "plan_hash": rollback["plan_hash"], "person": world.people.founder.who}
    world.people.lead.post(f"/rollbacks/{rollback['id']}/approvals", body).refused(422)
    for wrong in (
        {"decision": "maybe", "plan_hash": rollback["plan_hash"]},
        {"decision": "approve"},
        {"plan_hash": rollback["plan_hash"]},
        {"decision": "approve", "plan_hash": None},
        {"decision": "approve", "plan_hash": rollback["plan_hash"], "accepts": "all"},
    ):
        world.people.founder.post(f"/rollbacks/{rollback['id']}/approvals", wrong).refused(422)
