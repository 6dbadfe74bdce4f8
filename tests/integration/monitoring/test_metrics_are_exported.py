"""Whatever rules and dashboards name is exported by a process of ours, or by one that is named here."""

import re

import pytest

from .exported import exported_series, queries, rules, where_named

pytestmark = pytest.mark.integration
OTHERS = {
    "kube-state-metrics": {
        "kube_pod_container_status_restarts_total",
        "kube_pod_container_status_last_terminated_reason",
        "kube_pod_info",
    },
    "kubelet": {"kubelet_volume_stats_available_bytes", "kubelet_volume_stats_capacity_bytes"},
    "cAdvisor": {
        "container_cpu_cfs_periods_total",
        "container_cpu_cfs_throttled_periods_total",
        "container_cpu_usage_seconds_total",
    },
    "node exporter": {"node_filesystem_avail_bytes", "node_filesystem_size_bytes", "node_uname_info"},
    "Prometheus itself": {"up"},
}
QUERIES = queries()


@pytest.fixture(scope="module")
def metrics(
    platform_metrics: dict[str, str], serving_metrics: dict[str, str], operator_metrics: dict[str, str]
) -> dict[str, str]:
    """The exposition of each process."""
    return {**platform_metrics, **serving_metrics, **operator_metrics}


def test_every_series_that_is_named_exists(metrics: dict[str, str]) -> None:
    ours = set().union(*(exported_series(text) for text in metrics.values()))
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    named = set().union(*(query.series for query in QUERIES))
    assert len(named) > 60
    assert where_named(QUERIES, named - ours - recorded - set().union(*OTHERS.values())) == {}


def test_no_series_of_others_is_listed_in_vain() -> None:
    named = set().union(*(query.series for query in QUERIES))
    assert set().union(*OTHERS.values()) <= named


def test_a_query_for_one_job_names_a_series_of_its_process(metrics: dict[str, str]) -> None:
    selected = {
        (series, job)
        for query in QUERIES
        for series, job in re.findall(r'\b(pigeonhole_\w+)\{[^}]*job="pigeonhole-(\w+)"', query.promql)
    }
    assert len(selected) > 5
    assert [(series, job) for series, job in selected if series not in exported_series(metrics[job])] == []


def test_buckets_that_are_counted_exist(metrics: dict[str, str]) -> None:
    bounds = {
        found for query in QUERIES for found in re.findall(r'(pigeonhole_\w+_bucket)\{[^}]*le="([^"]+)"', query.promql)
    }
    assert len(bounds) >= 3
    text = "".join(metrics.values())
    assert [
        bound for bound in bounds if not re.search(rf'^{bound[0]}\{{[^}}]*le="{bound[1]}"', text, re.MULTILINE)
    ] == []


def test_uploads_go_by_the_routes_that_are_measured(metrics: dict[str, str]) -> None:
    (promql,) = {
        query.promql
        for query in QUERIES
        if "route=~" in query.promql and query.where == "pigeonhole:slo_events:increase1h"
    }
    found = re.search(r'route=~"([^"]+)"', promql)
    assert found
    line = r'pigeonhole_http_request_duration_seconds_count\{method="(POST|PUT)",route="(/v1/jobs[^"]*)"\}'
    sent = set(re.findall(line, metrics["api"]))
    assert {method for method, _ in sent} == {"POST", "PUT"}
    assert all(re.fullmatch(found[1], route) for _, route in sent)
    assert not re.fullmatch(found[1], "/v1/jobs/{job_id}")


def test_a_models_training_is_told_by_its_predictor(metrics: dict[str, str]) -> None:
    score = 'pigeonhole_model_cross_validation_score{metric="accuracy_when_confident",model="document-classifier"'
    assert score in metrics["predictor"]
