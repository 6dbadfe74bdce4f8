"""Whether the models are as good as they were: accuracy, confidence, drift, age."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from pigeonhole_dashboards.board import add_row, board
from pigeonhole_dashboards.panels import Limit, Panel, Query, figure, lines

_NS = 'namespace=~"$namespace"'
_VERSION = "{{model}} {{model_version}}"
_BY = "by (model, model_version)"


def model_quality() -> Dashboard:
    """Return the dashboard of the models' quality; a week by default, since decisions come slowly."""
    text = "Is the model still as good as it was? Accuracy by people's decisions, confidence, drift and age."
    dashboard = board("model-quality", "Model quality", text, hours=168)
    add_row(dashboard, "Now", _accuracy_now(), _review_share(), _drift_now(), _age())
    add_row(dashboard, "What people decide", _accuracy(), _feedback(), _samples())
    add_row(dashboard, "What the models say", _confidence(), _results(), _classes())
    return add_row(dashboard, "Drift", _drift(), _beyond_chance(), _computed())


def _accuracy_now() -> Panel:
    query = Query(f'min(pigeonhole_model_eval_score{{{_NS},metric="audit_accuracy"}})', "")
    text = "Share of blind decisions about sure answers that were for the model; the worst version that answers."
    limits = [Limit(0.9, "orange"), Limit(0.95, "green")]
    return figure("Accuracy when sure", text, "percentunit", query, limits=limits, good="red")


def _review_share() -> Panel:
    abstained = f'sum(increase(pigeonhole_predictions_total{{{_NS},result!="confident"}}[$__range]))'
    everything = f"sum(increase(pigeonhole_predictions_total{{{_NS}}}[$__range]))"
    text = "Share of the documents in the chosen time that no model was sure of: a person has to look."
    limits = [Limit(0.2, "orange"), Limit(0.4)]
    return figure("To people", text, "percentunit", Query(f"{abstained} / {everything}", ""), limits=limits)


def _drift_now() -> Panel:
    query = Query(f"max(pigeonhole_drift_score{{{_NS}}})", "")
    text = "The largest PSI of any feature. Below 0.1 is nothing to speak of, above 0.25 a shift."
    return figure("Largest drift", text, "none", query, limits=[Limit(0.1, "orange"), Limit(0.25)])


def _age() -> Panel:
    query = Query(f"time() - max(pigeonhole_model_trained_timestamp_seconds{{{_NS}}})", "")
    text = "Since the training of the youngest model that a predictor has loaded."
    return figure("Age of the model", text, "s", query, limits=[Limit(60 * 86400, "orange"), Limit(90 * 86400)])


def _accuracy() -> Panel:
    def score(metric: str) -> str:
        return f'max {_BY} (pigeonhole_model_eval_score{{{_NS},metric="{metric}"}})'

    trained = f'pigeonhole_model_cross_validation_score{{{_NS},metric="accuracy_when_confident"}}'
    queries = [
        Query(score("audit_accuracy"), f"{_VERSION} decided blind"),
        Query(score("audit_accuracy_low"), f"{_VERSION} lower end"),
        Query(score("audit_accuracy_high"), f"{_VERSION} upper end"),
        Query(f"max {_BY} ({trained})", f"{_VERSION} out of fold"),
    ]
    text = "Accuracy of sure answers with its 95 % interval, beside what training found out of fold."
    return lines("Accuracy when sure", text, "percentunit", *queries, most=1)


def _feedback() -> Panel:
    query = f"sum by (model_version, verdict) (increase(pigeonhole_feedback_total{{{_NS}}}[1d]))"
    text = "Decisions of people within a day. They look for mistakes, so that these are not an accuracy."
    return lines("Decisions a day", text, "short", Query(query, "{{model_version}} {{verdict}}"), stacked=True)


def _samples() -> Panel:
    query = f'max {_BY} (pigeonhole_model_eval_samples{{{_NS},metric="audit_accuracy"}})'
    text = "Blind decisions behind the accuracy; below the line there is no alert on it."
    return lines("Decisions behind it", text, "short", Query(query, _VERSION), limits=[Limit(50, "orange")])


def _confidence() -> Panel:
    unsure = f'sum {_BY} (increase(pigeonhole_prediction_confidence_bucket{{{_NS},le="0.6"}}[1h]))'
    scored = f"sum {_BY} (increase(pigeonhole_prediction_confidence_count{{{_NS}}}[1h]))"
    text = "Share of the documents of an hour of which a version was at most 60 % sure; from 30 % on there is an alert."
    query = Query(f"{unsure} / {scored}", _VERSION)
    return lines("Low confidence", text, "percentunit", query, limits=[Limit(0.3)], most=1)


def _results() -> Panel:
    query = f"sum by (role, result) (increase(pigeonhole_predictions_total{{{_NS}}}[1h]))"
    text = "Answers of an hour: confident, abstained, or not scored, by the role of the model."
    return lines("Answers an hour", text, "short", Query(query, "{{role}} {{result}}"), stacked=True)


def _classes() -> Panel:
    query = f"sum by (class) (increase(pigeonhole_predictions_total{{{_NS}}}[1d]))"
    share = f"{query} / scalar(sum(increase(pigeonhole_predictions_total{{{_NS}}}[1d])))"
    text = "Share of each class among the answers of a day."
    return lines("Class mix", text, "percentunit", Query(share, "{{class}}"), stacked=True, most=1)


def _drift() -> Panel:
    query = f"max by (model_version, signal, feature) (pigeonhole_drift_score{{{_NS}}})"
    text = "PSI of the latest documents against the first ones of the same version."
    legend = "{{model_version}} {{signal}} {{feature}}"
    return lines("Drift", text, "none", Query(query, legend), limits=[Limit(0.1, "orange"), Limit(0.25)])


def _beyond_chance() -> Panel:
    by = "by (namespace, model, model_version, signal, feature)"
    query = f"max {by} (pigeonhole_drift_score{{{_NS}}}) / max {by} (pigeonhole_drift_chance_score{{{_NS}}})"
    text = "How many times what chance alone exceeds in 5 % of cases; up to one it may be chance."
    return lines(
        "Drift by chance", text, "none", Query(query, "{{model_version}} {{feature}}"), limits=[Limit(1, "orange")]
    )


def _computed() -> Panel:
    age = f"time() - max by (namespace) (pigeonhole_drift_last_success_timestamp_seconds{{{_NS}}})"
    text = "How old these figures are; from two hours on there is an alert."
    return lines("Age of the figures", text, "s", Query(age, "{{namespace}}"), limits=[Limit(7200)])
