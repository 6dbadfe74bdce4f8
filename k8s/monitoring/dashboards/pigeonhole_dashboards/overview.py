"""Rate, errors and duration of the platform, and how the objectives are kept."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from pigeonhole_dashboards.board import add_row, board
from pigeonhole_dashboards.panels import Limit, Panel, Query, figure, lines

_API = 'job="pigeonhole-api",namespace=~"$namespace",route!~"/livez|/readyz|/metrics"'
_OBJECTIVES = (
    ("API availability", "api-availability", "Requests without a 5xx", 0.995),
    ("Uploads within 2 s", "upload-latency", "Uploads answered within 2 s", 0.95),
    ("Documents within 60 s", "document-latency", "Documents with a result within 60 s of their upload", 0.95),
    ("Prediction success", "prediction-success", "Documents answered, of those answered or failed", 0.99),
    ("Promotions in time", "promotions-in-time", "Time of promotions within the deadlines of their phases", 0.99),
)


def overview() -> Dashboard:
    """Return the dashboard to look at first."""
    text = "Is the platform well? Objectives over 30 days, requests, answers, and what the processes use."
    dashboard = board("overview", "Overview", text)
    add_row(dashboard, "Objectives over 30 days", *(_objective(*each) for each in _OBJECTIVES))
    add_row(dashboard, "Requests to the API", _rate(), _errors(), _duration())
    add_row(dashboard, "Documents", _documents(), _predictions(), _answer_time())
    return add_row(dashboard, "Processes", _up(), _memory(), _processor(), _restarts())


def _objective(title: str, slo: str, what: str, target: float) -> Panel:
    query = f'min(pigeonhole:slo_good:ratio30d{{slo="{slo}",namespace=~"$namespace"}})'
    return figure(
        title,
        f"{what}, over 30 days; the target is {target * 100:g} %. The worst of the chosen namespaces.",
        "percentunit",
        Query(query, slo),
        limits=[Limit(target, "green")],
        good="red",
    )


def _rate() -> Panel:
    query = f"sum by (route, method) (rate(pigeonhole_http_requests_total{{{_API}}}[$__rate_interval]))"
    text = "Requests a second by route; probes and scrapes are left out."
    return lines("Rate", text, "reqps", Query(query, "{{method}} {{route}}"))


def _errors() -> Panel:
    everything = f"sum(rate(pigeonhole_http_requests_total{{{_API}}}[$__rate_interval]))"
    failed = f'rate(pigeonhole_http_requests_total{{{_API},code=~"5.."}}[$__rate_interval])'
    queries = [
        # Before the first error there is no series of it.
        Query(f"(sum({failed}) or 0 * {everything}) / {everything}", "all"),
        Query(f"sum by (code) ({failed}) / scalar({everything})", "{{code}}"),
    ]
    text = "Share of the requests that were answered with a 5xx; the line is what the objective allows."
    return lines("Errors", text, "percentunit", *queries, limits=[Limit(0.005)])


def _duration() -> Panel:
    buckets = f"sum by (le) (rate(pigeonhole_http_request_duration_seconds_bucket{{{_API}}}[$__rate_interval]))"
    queries = [
        Query(f"histogram_quantile({share}, {buckets})", name)
        for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
    ]
    return lines("Duration", "Time to answer a request to the API.", "s", *queries, limits=[Limit(2)])


def _documents() -> Panel:
    query = (
        'sum by (result) (rate(pigeonhole_worker_documents_total{namespace=~"$namespace"}[$__rate_interval])) * 3600'
    )
    text = "Documents an hour that left the workers' hands: answered, refused, failed, or given back to the queue."
    return lines("Documents an hour", text, "short", Query(query, "{{result}}"), stacked=True)


def _predictions() -> Panel:
    query = (
        "sum by (class) (rate(pigeonhole_predictions_total"
        '{namespace=~"$namespace",result!="not-scored"}[$__rate_interval])) * 3600'
    )
    text = "Answers an hour by class, whichever model gave them."
    return lines("Classes an hour", text, "short", Query(query, "{{class}}"), stacked=True)


def _answer_time() -> Panel:
    metric = "pigeonhole_document_duration_seconds_bucket"
    buckets = f'sum by (le) (rate({metric}{{namespace=~"$namespace"}}[$__rate_interval]))'
    queries = [Query(f"histogram_quantile({share}, {buckets})", name) for name, share in (("p50", 0.5), ("p95", 0.95))]
    text = "Time from a document's upload to its result, waiting included; the line is the objective."
    return lines("Upload to result", text, "s", *queries, limits=[Limit(60)])


def _up() -> Panel:
    query = Query('sum by (job) (up{job=~"pigeonhole-.+",namespace=~"$namespace"})', "{{job}}")
    return lines("Processes that answer", "Processes whose last scrape succeeded, by component.", "short", query)


def _memory() -> Panel:
    query = Query(
        'max by (job) (process_resident_memory_bytes{job=~"pigeonhole-.+",namespace=~"$namespace"})', "{{job}}"
    )
    text = "Resident memory of the largest process of a component; reading processes are children and not in it."
    return lines("Memory", text, "bytes", query)


def _processor() -> Panel:
    usage = 'rate(container_cpu_usage_seconds_total{namespace=~"$namespace",container!=""}[$__rate_interval])'
    text = "Processor seconds a second by container, children included (cAdvisor)."
    return lines("Processor", text, "short", Query(f"sum by (container) ({usage})", "{{container}}"))


def _restarts() -> Panel:
    restarts = 'increase(kube_pod_container_status_restarts_total{namespace=~"$namespace"}[1h])'
    query = Query(f"sum by (container) ({restarts}) > 0", "{{container}}")
    text = "Restarts of containers within an hour (kube-state-metrics)."
    return lines("Restarts", text, "short", query, limits=[Limit(1, "orange")])
