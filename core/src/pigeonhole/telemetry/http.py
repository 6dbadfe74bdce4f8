"""What every HTTP server of ours counts; labels never name a document, a user or a request."""

from prometheus_client import Counter, Histogram

_SECONDS = (0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 2.5, 5, 10, 20, 30, 60, 120)

HTTP_REQUESTS = Counter("pigeonhole_http_requests", "Requests answered.", ("route", "method", "code"))
HTTP_SECONDS = Histogram(
    "pigeonhole_http_request_duration_seconds", "Time to answer a request.", ("route", "method"), buckets=_SECONDS
)
REJECTED = Counter("pigeonhole_rejected", "Requests and documents refused, by reason.", ("reason",))
