"""Programs draft, read and publish playbooks by the contract."""

import json

import pytest

from apps.playbooks.models import Revision
from tests.playbooks.conftest import program
from tests.playbooks.examples import SMALLEST
from tests.playbooks.factories import RevisionFactory

URL = "/api/v1/playbooks"
ONE = f"{URL}/portal-release-rollback/revisions/1"


def draft(client, content=SMALLEST, kind="application/yaml", **more):
    return client.post(URL, content, content_type=kind, **more)


def publish(client, revision=ONE, body=""):
    return client.post(f"{revision}/publication", body, content_type="application/json")


def test_the_published_example_is_drafted_read_and_published(rae):
    client = program(rae)
    made = draft(client)
    assert made.status_code == 201, made.content
    assert made.json()["state"] == "draft"
    assert (made.json()["slug"], made.json()["revision"]) == ("portal-release-rollback", 1)
    assert made.json()["definition"]["steps"][1]["use"] == "hosting.rollback"
    assert made.json()["html_url"].endswith("/playbooks/portal-release-rollback/revisions/1/")
    read = client.get(ONE)
    assert read.json() == made.json()
    published = publish(client)
    assert published.status_code == 201, published.content
    assert published.json()["state"] == "published"
    listed = client.get(URL).json()
    assert listed["items"][0]["published_revision"] == 1
    assert listed["next"] is None
    assert client.get(f"{URL}/portal-release-rollback").json()["definition"]["version"] == 1


def test_json_is_drafted_too(rae):
    document = {"version": 1, "slug": "a", "name": "A", "steps": [{"name": "Look", "check": {"path": "/"}}]}
    made = draft(program(rae), json.dumps(document), "application/json")
    assert made.status_code == 201, made.content
    assert made.json()["definition"] == document


def test_problems_come_with_their_lines(rae):
    answer = draft(program(rae), SMALLEST.replace("hosting.rollback", "hostings.rollback"))
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "invalid_playbook"
    assert [problem["line"] for problem in answer.json()["problems"]] == [7]


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"\xff\xfe", "application/yaml", 422),
        ("", "application/yaml", 422),
        ("[", "application/json", 422),
        ('{"version": NaN}', "application/json", 422),
        ("[" * 50_000, "application/json", 422),
        ("# Rollback", "text/markdown", 422),
        ("a: " + "b" * 300_000, "application/yaml", 413),
        ("a: &a [*a]", "text/plain", 422),
        ("\x00", "application/yaml", 422),
    ],
)
def test_unusable_bodies_are_refused(rae, content, kind, status):
    answer = draft(program(rae), content, kind)
    assert answer.status_code == status, answer.content
    assert not Revision.objects.exists()


def test_a_repeat_with_the_same_key_gets_the_first_answer(rae):
    client = program(rae)
    answers = [draft(client, headers={"Idempotency-Key": "k1"}) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert Revision.objects.count() == 1
    assert draft(client, SMALLEST + "\n", headers={"Idempotency-Key": "k1"}).status_code == 422


def test_publishing_twice_and_publishing_findings_is_refused(mavericks, rae):
    client = program(rae)
    RevisionFactory(organisation=mavericks, content=SMALLEST.replace('"share:"', '"*"'))
    stopped = publish(client, body={"comment": "Wide."})
    assert stopped.status_code == 422
    assert stopped.json()["code"] == "findings"
    RevisionFactory(organisation=mavericks, published=True)
    again = publish(client, f"{URL}/portal-release-rollback/revisions/2")
    assert again.status_code == 409
    assert again.json()["code"] == "already_published"
    assert publish(client, body={"nope": 1}).status_code == 422


def test_scopes_and_rights_are_asked(rae, ivo, sam, mavericks):
    assert draft(program(rae, "read")).status_code == 403
    assert draft(program(ivo)).status_code == 403
    RevisionFactory(organisation=mavericks)
    assert publish(program(rae, "read", "write")).status_code == 403
    assert program(ivo, "read").get(ONE).status_code == 200
    assert program(sam, "read").get(ONE).status_code == 403


@pytest.mark.parametrize(
    "path", ["/nope", "/portal-release-rollback/revisions/2", "/portal-release-rollback/revisions/x"]
)
def test_foreign_and_unknown_look_the_same(mavericks, rae, mallory, path):
    RevisionFactory(organisation=mavericks)
    unknown, foreign = program(rae).get(URL + path), program(mallory).get(ONE)
    assert (unknown.status_code, foreign.status_code) == (404, 404)
    assert unknown.json() == foreign.json()
    assert publish(program(mallory)).status_code == 404
