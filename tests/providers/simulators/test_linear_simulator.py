"""Linear as the official SDK asks for it: fragments, pages, errors in the body, two ways to sign in."""

from typing import Any

import pytest

from apps.providers.simulation import Simulators
from tests.simulators import Answer, ask

ISSUE = """fragment Issue on Issue { __typename id identifier title url createdAt priority reactions { ...Reaction }
  state { id } team { id } sharedAccess { ...IssueSharedAccess } assignee { id } }
fragment Reaction on Reaction { __typename id }
fragment IssueSharedAccess on IssueSharedAccess { __typename isShared sharedWithUsers { id } }"""
CREATE = """mutation createIssue($input: IssueCreateInput!) { issueCreate(input: $input) { ...IssuePayload } }
fragment IssuePayload on IssuePayload { __typename issue { id } lastSyncId success }"""
LINK = "mutation($i: AttachmentCreateInput!) { attachmentCreate(input: $i) { success attachment { id title url } } }"
OURS = "6a5c0d10-c0da-45b6-ad5d-a10a0a5f9896"


class Linear:
    """Motion Mavericks at Linear."""

    def __init__(self, simulators: Simulators) -> None:
        about = simulators.describe()["linear"]
        self.address = f"{simulators.root_address('linear')}/graphql"
        self.key, self.team = about["credentials"]["token"], about["objects"]["team_id"]

    def __call__(self, query: str, authorization: str | None = None, **variables: Any) -> Answer:
        headers = {"Authorization": self.key if authorization is None else authorization}
        return ask(self.address, "POST", headers=headers, data={"query": query, "variables": variables})

    def create(self, **more: Any) -> Answer:
        return self(CREATE, input={"teamId": self.team, "title": "Share links fail", **more})


@pytest.fixture
def linear(simulators: Simulators) -> Linear:
    return Linear(simulators)


def error_of(answer: Answer) -> tuple[int, str]:
    """Return the status and the type of the first error."""
    return answer.status, answer.json()["errors"][0]["extensions"]["type"]


def test_an_issue_is_made_and_read_as_the_sdk_does(linear: Linear) -> None:
    payload = linear.create(id=OURS).json()["data"]["issueCreate"]
    assert (payload["success"], payload["issue"]) == (True, {"id": OURS})
    query = "query issue($id: String!) { issue(id: $id) { ...Issue } }\n" + ISSUE
    by_id = linear(query, id=OURS).json()["data"]["issue"]
    assert by_id == linear(query, id="mot-13").json()["data"]["issue"]
    assert (by_id["identifier"], by_id["reactions"], by_id["assignee"]) == ("MOT-13", [], None)
    assert by_id["sharedAccess"]["sharedWithUsers"] == []


def test_an_id_is_taken_once_and_has_to_be_a_uuid_of_version_four(linear: Linear, simulators: Simulators) -> None:
    linear.create(id=OURS)
    assert error_of(linear.create(id=OURS)) == (200, "invalid input")
    assert error_of(linear.create(id="6a5c0d10-c0da-15b6-ad5d-a10a0a5f9896")) == (200, "invalid input")
    assert len(simulators.effects("linear")) == 1


def test_what_is_missing_is_an_error_with_words_for_people(linear: Linear, simulators: Simulators) -> None:
    missing = linear('query { issue(id: "MOT-999") { id } }')
    assert error_of(missing) == (200, "invalid input")
    error = missing.json()["errors"][0]
    assert error["message"] == "Entity not found: Issue"
    assert (error["path"], error["extensions"]["userError"]) == (["issue"], True)
    simulators.settings("linear", missing="null")
    assert linear('query { issue(id: "MOT-999") { id } }').json() == {"data": {"issue": None}}


def test_a_link_to_the_same_address_is_updated(linear: Linear, simulators: Simulators) -> None:
    first, second = (
        linear(LINK, i={"issueId": "MOT-12", "url": "https://x.example/1", "title": title}).json()["data"]
        for title in ("One", "Two")
    )
    assert second["attachmentCreate"]["attachment"] == {**first["attachmentCreate"]["attachment"], "title": "Two"}
    found = linear('query { attachmentsForURL(url: "https://x.example/1") { nodes { title } } }').json()["data"]
    assert found["attachmentsForURL"]["nodes"] == [{"title": "Two"}]
    simulators.settings("linear", upserts_links=False)
    again = linear(LINK, i={"issueId": "MOT-12", "url": "https://x.example/1", "title": "Three"})
    assert error_of(again) == (200, "invalid input")


def test_lists_are_filtered_and_paged(linear: Linear) -> None:
    query = (
        "query($a: String) { issues(first: 1, after: $a) { nodes { identifier } pageInfo { hasNextPage endCursor } } }"
    )
    first = linear(query).json()["data"]["issues"]
    assert (first["nodes"], first["pageInfo"]["hasNextPage"]) == ([{"identifier": "MOT-12"}], True)
    second = linear(query, a=first["pageInfo"]["endCursor"]).json()["data"]["issues"]
    assert (second["nodes"], second["pageInfo"]["hasNextPage"]) == ([{"identifier": "MOT-11"}], False)
    told = linear('query { issues(filter: { state: { name: { eq: "Todo" } } }) { nodes { identifier } } }').json()
    assert told["data"]["issues"]["nodes"] == [{"identifier": "MOT-12"}]
    assert (
        linear('query { teams(filter: { key: { eq: "X" } }) { nodes { id } } }').json()["data"]["teams"]["nodes"] == []
    )


def test_a_key_stands_alone_and_a_token_after_bearer(linear: Linear) -> None:
    viewer = "query { viewer { name } }"
    assert linear(viewer).status == 200
    assert error_of(linear(viewer, f"Bearer {linear.key}")) == (400, "authentication error")
    assert error_of(linear(viewer, "lin_oauth_simulatedmotionmavericks")) == (400, "authentication error")
    assert linear(viewer, "Bearer lin_oauth_simulatedmotionmavericks").status == 200
    assert error_of(linear(viewer, "lin_api_nobody")) == (401, "authentication error")


@pytest.mark.parametrize(("status", "unit"), [(400, "ms"), (429, "s")])
def test_a_rate_limit_comes_in_either_way(linear: Linear, simulators: Simulators, status: int, unit: str) -> None:
    simulators.settings("linear", requests_left=0, limit_status=status, reset_in=unit)
    limited = linear.create()
    assert error_of(limited) == (status, "ratelimited")
    assert limited.json()["errors"][0]["extensions"]["code"] == "RATELIMITED"
    assert limited.headers["x-ratelimit-requests-remaining"] == "0"
    assert len(limited.headers["x-ratelimit-requests-reset"]) == (13 if unit == "ms" else 10)
    assert simulators.effects("linear") == []


def test_plan_rights_and_words_that_are_no_graphql(linear: Linear, simulators: Simulators) -> None:
    assert error_of(linear("query {")) == (400, "graphql error")
    simulators.settings("linear", issue_limit=2)
    assert error_of(linear.create()) == (200, "usage limit exceeded")
    simulators.settings("linear", rights="read")
    assert error_of(linear.create()) == (200, "forbidden")
    assert linear("query { viewer { id } }").status == 200
