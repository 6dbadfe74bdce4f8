"""The way of a document by use, saturation and errors: queue, workers, reading, predictors, storage."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from pigeonhole_dashboards.board import add_row, board
from pigeonhole_dashboards.panels import Limit, Panel, Query, figure, lines

_NS = 'namespace=~"$namespace"'


def queue() -> Dashboard:
    """Return the dashboard of the queue and what works on it."""
    text = "What is full? Use, saturation and errors of the queue, the workers, the reading processes and the storage."
    dashboard = board("queue", "Queue", text)
    add_row(dashboard, "Now", _waiting(), _oldest(), _in_hand(), _free())
    add_row(dashboard, "Saturation", _depth(), _age(), _slots(), _slot_queue())
    add_row(dashboard, "Reading", _pages(), _page_time(), _unread(), _reader_restarts())
    add_row(dashboard, "Models", _calls(), _model_time(), _rejected())
    return add_row(dashboard, "Errors and repairs", _repairs(), _faults(), _webhooks())


def _waiting() -> Panel:
    query = Query(
        f'sum(max by (namespace) (pigeonhole_queue_depth{{{_NS},queue="documents",job="pigeonhole-api"}}))', ""
    )
    return figure("Documents waiting", "Documents in the queue.", "short", query, limits=[Limit(1000, "orange")])


def _oldest() -> Panel:
    query = Query(f'max(pigeonhole_queue_oldest_job_age_seconds{{{_NS},queue="documents"}})', "")
    text = "How long the oldest document has waited; from five minutes on there is an alert."
    return figure("Oldest document", text, "s", query, limits=[Limit(60, "orange"), Limit(300)])


def _in_hand() -> Panel:
    return figure(
        "In hand", "Documents that workers have.", "short", Query(f"sum(pigeonhole_worker_in_hand{{{_NS}}})", "")
    )


def _free() -> Panel:
    text = "Free bytes of the storage's disk; none on S3. Below a limit, uploads are refused."
    query = Query(f"min(pigeonhole_storage_free_bytes{{{_NS}}})", "")
    return figure("Free storage", text, "bytes", query, limits=[Limit(2e9, "orange"), Limit(1e10, "green")], good="red")


def _depth() -> Panel:
    query = f'max by (namespace, queue) (pigeonhole_queue_depth{{{_NS},job="pigeonhole-api"}})'
    text = "What waits in the platform's queues."
    return lines("Queue depth", text, "short", Query(query, "{{namespace}} {{queue}}"))


def _age() -> Panel:
    query = f'max by (namespace, queue) (pigeonhole_queue_oldest_job_age_seconds{{{_NS},queue!="webhooks"}})'
    text = "Age of the oldest work that waits. Webhooks are left out: they wait for their receivers."
    return lines("Age of the oldest", text, "s", Query(query, "{{namespace}} {{queue}}"), limits=[Limit(300)])


def _slots() -> Panel:
    query = f"sum by (job, queue) (pigeonhole_slots_busy{{{_NS}}})"
    text = "Slots at work in the transformers (one a reading process) and the predictors."
    return lines("Busy slots", text, "short", Query(query, "{{job}} {{queue}}"))


def _slot_queue() -> Panel:
    query = f'sum by (job, queue) (pigeonhole_queue_depth{{{_NS},job=~"pigeonhole-(transformer|predictor)"}})'
    text = "Requests inside the model servers that wait for a slot; a full line is answered 503."
    return lines("Waiting for a slot", text, "short", Query(query, "{{job}} {{queue}}"))


def _pages() -> Panel:
    query = f'sum by (engine, view) (rate(pigeonhole_ocr_pages_total{{{_NS},result="ok"}}[$__rate_interval]))'
    text = "Pages read a second, by engine and view: `lines` is a first look, `full` all of it."
    return lines("Pages read", text, "short", Query(query, "{{engine}} {{view}}"), stacked=True)


def _page_time() -> Panel:
    buckets = f"sum by (le, view) (rate(pigeonhole_ocr_duration_seconds_bucket{{{_NS}}}[$__rate_interval]))"
    query = Query(f"histogram_quantile(0.95, {buckets})", "p95 {{view}}")
    return lines(
        "Time to read a page", "95th percentile by view; the deadline is 30 s.", "s", query, limits=[Limit(30)]
    )


def _unread() -> Panel:
    failed = f'sum by (result) (rate(pigeonhole_ocr_pages_total{{{_NS},result!="ok"}}[$__rate_interval]))'
    everything = f"scalar(sum(rate(pigeonhole_ocr_pages_total{{{_NS}}}[$__rate_interval])))"
    text = "Share of the pages that could not be read, by reason; from 5 % on there is an alert."
    query = Query(f"{failed} / {everything}", "{{result}}")
    return lines("Unread pages", text, "percentunit", query, limits=[Limit(0.05)], stacked=True)


def _reader_restarts() -> Panel:
    query = f"sum by (cause) (increase(pigeonhole_reader_restarts_total{{{_NS}}}[$__rate_interval]))"
    text = "Reading processes that were replaced; `recycled` is routine."
    return lines("Reading processes replaced", text, "short", Query(query, "{{cause}}"), stacked=True)


def _calls() -> Panel:
    query = f"sum by (role, result) (rate(pigeonhole_predictor_calls_total{{{_NS}}}[$__rate_interval]))"
    return lines(
        "Calls of predictors", "Calls a second, by role and result.", "reqps", Query(query, "{{role}} {{result}}")
    )


def _model_time() -> Panel:
    buckets = f"sum by (le) (rate(pigeonhole_prediction_duration_seconds_bucket{{{_NS}}}[$__rate_interval]))"
    queries = [Query(f"histogram_quantile({share}, {buckets})", name) for name, share in (("p50", 0.5), ("p95", 0.95))]
    return lines("Bytes to answer", "Time from a document's bytes to its answer in the transformer.", "s", *queries)


def _rejected() -> Panel:
    query = f"sum by (job, reason) (rate(pigeonhole_rejected_total{{{_NS}}}[$__rate_interval])) * 3600"
    text = "Requests and documents that were refused, an hour, by reason."
    return lines("Refused an hour", text, "short", Query(query, "{{job}} {{reason}}"))


def _repairs() -> Panel:
    queries = [
        Query(f"sum(increase(pigeonhole_leases_expired_total{{{_NS}}}[$__rate_interval]))", "leases expired"),
        Query(f"sum(increase(pigeonhole_results_dropped_total{{{_NS}}}[$__rate_interval]))", "results too late"),
        Query(f"sum(increase(pigeonhole_orphan_uploads_removed_total{{{_NS}}}[$__rate_interval]))", "orphans removed"),
    ]
    text = "Work that was taken from a worker without a sign of life, and what came too late."
    return lines("Repairs", text, "short", *queries)


def _faults() -> Panel:
    query = f"sum by (exception) (increase(pigeonhole_worker_faults_total{{{_NS}}}[$__rate_interval]))"
    text = "Turns of the workers that ended in a fault."
    return lines("Faults of workers", text, "short", Query(query, "{{exception}}"), limits=[Limit(1, "orange")])


def _webhooks() -> Panel:
    query = f"sum by (result) (increase(pigeonhole_webhook_attempts_total{{{_NS}}}[$__rate_interval]))"
    return lines("Webhooks", "Attempts at deliveries, by result.", "short", Query(query, "{{result}}"), stacked=True)
