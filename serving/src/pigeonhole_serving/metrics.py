"""What the model servers count and measure; labels never name a document, a user or a request."""

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120)
_CONFIDENCES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)
_DIFFERENCES = (-0.5, -0.2, -0.1, -0.05, -0.01, 0.01, 0.05, 0.1, 0.2, 0.5)
_MODEL = ("model", "model_version")

IN_FLIGHT = Gauge("pigeonhole_http_requests_in_flight", "Inference requests being worked on.")
QUEUE_DEPTH = Gauge("pigeonhole_queue_depth", "Work that waits for a slot.", ("queue",))
SLOTS_BUSY = Gauge("pigeonhole_slots_busy", "Slots at work.", ("queue",))

OCR_PAGES = Counter("pigeonhole_ocr_pages", "Pages read, by engine, view and result.", ("engine", "view", "result"))
OCR_SECONDS = Histogram("pigeonhole_ocr_duration_seconds", "Time to read a page.", ("engine", "view"), buckets=_SECONDS)
READ_LATER = Counter("pigeonhole_read_later", "Documents read whole after their answer, by result.", ("result",))
READER_RESTARTS = Counter("pigeonhole_reader_restarts", "Reading processes replaced, by cause.", ("cause",))

PREDICTIONS = Counter("pigeonhole_predictions", "Documents answered.", (*_MODEL, "role", "class", "result"))
CONFIDENCE = Histogram(
    "pigeonhole_prediction_confidence", "Confidence of answers.", (*_MODEL, "role"), buckets=_CONFIDENCES
)
PREDICTION_SECONDS = Histogram(
    "pigeonhole_prediction_duration_seconds", "Time from a document's bytes to its answer.", _MODEL, buckets=_SECONDS
)
PREDICTOR_CALLS = Counter("pigeonhole_predictor_calls", "Calls of a predictor, by role and result.", ("role", "result"))
MODEL_TRAINED = Gauge("pigeonhole_model_trained_timestamp_seconds", "When its training logged the model.", _MODEL)
MODEL_CROSS_VALIDATION = Gauge(
    "pigeonhole_model_cross_validation_score",
    "What the model's training found out of fold.",
    (*_MODEL, "metric"),
)
MODEL_INFO = Gauge("pigeonhole_model_info", "1 for a model that answers.", ("model", "version", "digest", "role"))

FALLBACKS = Counter(
    "pigeonhole_candidate_fallbacks",
    "Documents of the candidate's share that stable answered, by the candidate's version and the reason.",
    ("model_version", "reason"),
)
BREAKER_OPEN = Gauge("pigeonhole_candidate_breaker_open", "1 while the candidate is left alone after failures, else 0.")
SHADOW_CALLS = Counter("pigeonhole_shadow_calls", "Texts shown to the model that does not answer.", ("role", "result"))
SHADOW_COMPARISONS = Counter(
    "pigeonhole_shadow_comparisons",
    "Texts that stable and candidate both scored, by whether they name the same class.",
    ("model_version", "stable_version", "agree"),
)
SHADOW_DIFFERENCE = Histogram(
    "pigeonhole_shadow_confidence_difference",
    "Candidate's confidence less stable's, where they name the same class.",
    ("model_version", "stable_version"),
    buckets=_DIFFERENCES,
)
ROUTING_READS = Counter("pigeonhole_routing_reads", "Times the routing file changed, by result.", ("result",))
ROUTING_VALID = Gauge("pigeonhole_routing_file_valid", "1 while the routing file is the routing in force, else 0.")
ROUTING_GENERATION = Gauge("pigeonhole_routing_generation", "The generation that the routing in force names, else 0.")
ROUTING_WEIGHT = Gauge("pigeonhole_routing_candidate_weight_percent", "The candidate's share by the routing in force.")
