"""Prometheus' own facts: values are texts, no data is an empty list, 400 and 422, and PromQL as far as it is known."""

from typing import Any
from urllib.parse import quote

import pytest

from apps.providers.simulation import Simulators
from tests.simulators import Answer, ask

TOTAL = "sum(increase(http_requests_total[5m]))"


class Prometheus:
    """Motion Mavericks' Prometheus."""

    def __init__(self, simulators: Simulators) -> None:
        self.base = simulators.address("prometheus")
        self.token = simulators.describe()["prometheus"]["credentials"]["token"]

    def __call__(self, path: str) -> Answer:
        return ask(f"{self.base}{path}", headers={"Authorization": f"Bearer {self.token}"})

    def query(self, text: str) -> Any:
        return self(f"/api/v1/query?query={quote(text)}").json()["data"]


@pytest.fixture
def prometheus(simulators: Simulators) -> Prometheus:
    return Prometheus(simulators)


def test_values_are_texts_and_no_data_is_an_empty_list(prometheus: Prometheus) -> None:
    told = prometheus.query(TOTAL)
    assert told["resultType"] == "vector"
    (item,) = told["result"]
    assert isinstance(item["value"][1], str)
    assert item["metric"] == {}
    assert prometheus.query("sum(rate(nothing_total[5m]))")["result"] == []
    assert prometheus.query("vector(0) / 0")["result"][0]["value"][1] == "NaN"
    assert prometheus.query("2 * 3")["resultType"] == "scalar"


def test_a_counter_only_grows_by_its_increase(prometheus: Prometheus, simulators: Simulators) -> None:
    grown = {one["metric"]["code"]: float(one["value"][1]) for one in prometheus.query("http_requests_total")["result"]}
    assert set(grown) == {"200", "500"}
    rate = float(prometheus.query("sum(rate(http_requests_total[5m])) * 300")["result"][0]["value"][1])
    assert rate == pytest.approx(float(prometheus.query(TOTAL)["result"][0]["value"][1]))


@pytest.mark.parametrize(
    "text", ["sum(", "rate(http_requests_total)", "sum(http_requests_total[5m])", "nope(1)", "a ! b"]
)
def test_what_is_no_expression_is_400(prometheus: Prometheus, text: str) -> None:
    refused = prometheus(f"/api/v1/query?query={quote(text)}")
    assert (refused.status, refused.json()["errorType"]) == (400, "bad_data")


def test_what_cannot_be_worked_out_is_422(prometheus: Prometheus) -> None:
    text = "sum(http_requests_total) / sum by (le) (http_request_duration_seconds_bucket)"
    assert prometheus.query(text)["result"] == []
    text = 'sum by (job) (up) / rate({job="portal"}[5m])'
    assert prometheus(f"/api/v1/query?query={quote(text)}").status == 422


def test_a_range_has_a_value_at_each_step(prometheus: Prometheus) -> None:
    (item,) = prometheus(f"/api/v1/query_range?query={quote(TOTAL)}&start=100000&end=100300&step=60").json()["data"][
        "result"
    ]
    assert len(item["values"]) == 6
    assert prometheus("/api/v1/query_range?query=up&start=0&end=99999&step=1").status == 400


def test_a_range_by_itself_is_a_matrix_of_samples(prometheus: Prometheus) -> None:
    told = prometheus.query("http_requests_total{code='500'}[5m]")
    assert told["resultType"] == "matrix"
    counts = [float(value) for _, value in told["result"][0]["values"]]
    assert len(counts) == 6
    assert counts == sorted(counts) or counts[-1] < counts[0]  # a counter begins again at midnight


def test_names_are_listed(prometheus: Prometheus) -> None:
    assert "http_requests_total" in prometheus("/api/v1/label/__name__/values").json()["data"]
    assert "code" in prometheus("/api/v1/labels").json()["data"]


def test_targets_rules_and_alerts_are_told(prometheus: Prometheus, simulators: Simulators) -> None:
    (found,) = prometheus("/api/v1/series?match[]=" + quote('http_requests_total{code="500"}')).json()["data"]
    assert found["service"] == "portal"
    assert prometheus("/api/v1/series?match[]=" + quote("a{")).status == 400
    assert prometheus("/api/v1/metadata").json()["data"]["up"][0]["type"] == "gauge"
    assert prometheus("/api/v1/targets").json()["data"]["activeTargets"][0]["scrapeInterval"] == "15s"
    assert prometheus("/api/v1/rules").json()["data"]["groups"][0]["rules"][0]["state"] == "firing"
    simulators.do("site", "rise", organisation="motion-mavericks", percent=0, since_minutes=5)
    assert prometheus("/api/v1/alerts").json()["data"] == {"alerts": []}


def test_each_token_sees_its_own_and_a_wrong_one_nothing(prometheus: Prometheus, simulators: Simulators) -> None:
    assert prometheus.query('http_requests_total{service="pulse-messages"}')["result"] == []
    prometheus.token = simulators.describe()["prometheus"]["organisations"]["pulse"]["credentials"]["token"]
    assert prometheus.query('http_requests_total{service="pulse-messages"}')["result"]
    prometheus.token = "wrong"
    assert prometheus("/api/v1/query?query=up").status == 401
