"""How the candidate does in use: the questions to Prometheus, and what the answers mean."""

from collections.abc import Mapping
from datetime import datetime
from string import Template

from pigeonhole_operator.decision.intervals import difference, wilson
from pigeonhole_operator.decision.observed import Deployment, Problem, Promotion, Reading
from pigeonhole_operator.resources.deployment_spec import Analysis
from pigeonhole_operator.resources.promotion import CheckResult, PromotionStatus

STEP = "_step"
"""The question for the step's own samples, beside those of the checks."""
NAMESPACE_SELECTOR = 'namespace="$namespace"'
"""By what the series of one installation are told from others'."""

_FALLBACKS = 'pigeonhole_candidate_fallbacks_total{${selector}model_version="$candidate"}'
_ANSWERED = 'pigeonhole_predictions_total{${selector}role="candidate",model_version="$candidate"}'
_COMPARED = 'pigeonhole_shadow_comparisons_total{${selector}model_version="$candidate",stable_version="$stable",%s}'
_FEEDBACK = 'pigeonhole_feedback_total{${selector}model_version="%s",%s}'
_CONFIRMED, _ANY_VERDICT = 'verdict="confirmed"', 'verdict!=""'


def queries(
    deployment: Deployment, promotion: Promotion, now: datetime, selector: str = NAMESPACE_SELECTOR
) -> Mapping[str, Mapping[str, str]]:
    """Return what to ask for each check, and under `STEP` for the step's samples.

    Args:
        deployment: Whose checks they are.
        promotion: The attempt; its step's start bounds the time that is looked at.
        now: The end of that time.
        selector: Label matchers of the installation's series; `$namespace` stands for the namespace.
    """
    status = promotion.status
    if status is None or status.step_started_at is None:
        return {}
    names = {
        "namespace": deployment.namespace,
        "model": deployment.spec.source.model_name,
        "candidate": promotion.spec.release.version,
        "stable": promotion.spec.previous.version if promotion.spec.previous else "",
    }
    names["selector"] = Template(selector).safe_substitute(names) + ("," if selector else "")
    step = {**names, "window": _window(status.step_started_at, now)}
    whole = {**names, "window": _window(status.started_at, now)}
    asked = {
        check.name: _of_check(check, whole if check.check == "FeedbackLoss" else step)
        for check in deployment.spec.canary.analysis
    }
    index = min(status.step_index, len(deployment.spec.canary.steps) - 1)
    sampled = _COMPARED % 'agree=~"yes|no"' if deployment.spec.canary.steps[index].mirror else _ANSWERED
    return {**asked, STEP: {"samples": _counted(sampled, step)}}


def judge_checks(
    checks: tuple[Analysis, ...], readings: Mapping[str, Mapping[str, Reading] | Problem]
) -> tuple[CheckResult, ...]:
    """Return what each check found."""
    return tuple(_judge(check, readings.get(check.name, {})) for check in checks)


def step_samples(readings: Mapping[str, Mapping[str, Reading] | Problem]) -> float | None:
    """Return the documents of the step so far, or None when that is not known."""
    found = readings.get(STEP, {})
    return None if isinstance(found, Problem) else found.get("samples")


def _window(start: datetime, now: datetime) -> str:
    return f"{max(1, round((now - start).total_seconds()))}s"


def _of_check(check: Analysis, names: Mapping[str, str]) -> dict[str, str]:
    if check.check == "Errors":
        return {"hits": _counted(_FALLBACKS, names), "others": _counted(_ANSWERED, names)}
    if check.check == "Disagreement":
        return {"hits": _counted(_COMPARED % 'agree="no"', names), "others": _counted(_COMPARED % 'agree="yes"', names)}
    if check.check == "FeedbackLoss":
        return {
            f"{role}_{what}": _counted(_FEEDBACK % (f"${role}", matcher), names)
            for role in ("candidate", "stable")
            for what, matcher in (("right", _CONFIRMED), ("all", _ANY_VERDICT))
        }
    asked = {"value": Template(check.query or "").safe_substitute(names)}
    if check.samples_query:
        asked["samples"] = Template(check.samples_query).safe_substitute(names)
    return asked


def _counted(series: str, names: Mapping[str, str]) -> str:
    """Return by how much counters rose.

    increase() misses what a counter held when it was first seen, and a candidate's counters all begin within the
    window. A counter that began again counts less than there was, which only makes the step longer.
    """
    text = "clamp_min(sum(%s) - (sum(%s offset $window) or vector(0)), 0)" % (series, series)  # noqa: UP031
    return Template(text).safe_substitute(names)


def _judge(check: Analysis, found: Mapping[str, Reading] | Problem) -> CheckResult:
    if isinstance(found, Problem):
        return _result(check, "Error", found.reason, found.message)
    if check.check == "FeedbackLoss":
        return _judge_loss(check, found)
    if check.check is not None:
        hits, total = found.get("hits") or 0.0, (found.get("hits") or 0.0) + (found.get("others") or 0.0)
        return _judge_share(check, hits, total)
    value, samples = found.get("value"), found.get("samples")
    if value is None:
        return _no_data(check, "NoData", "The query gives no number.")
    if check.proportion:
        return _judge_share(check, value * (samples or 0.0), samples or 0.0)
    if check.samples_query and (samples or 0.0) < check.min_samples:
        return _few(check, samples or 0.0)
    return _judge_value(check, value, samples)


def _judge_value(check: Analysis, value: float, samples: float | None) -> CheckResult:
    if check.min is not None and value < check.min:
        return _result(check, "Fail", "BelowMin", f"{value:.4g} is below {check.min:.4g}.", value, samples)
    if check.max is not None and value > check.max:
        return _result(check, "Fail", "AboveMax", f"{value:.4g} is above {check.max:.4g}.", value, samples)
    return _result(check, "Pass", "WithinLimits", f"{value:.4g} is within the limits.", value, samples)


def _judge_share(check: Analysis, hits: float, total: float) -> CheckResult:
    """Judge a share of counted documents: certain excess fails, uncertain excess waits for more documents."""
    if total < max(check.min_samples, 1):
        return _few(check, total)
    share = hits / total
    low, high = wilson(hits, total)
    text = f"{hits:.0f} of {total:.0f}, {low:.1%} to {high:.1%}"
    if check.max is not None and low > check.max:
        return _result(check, "Fail", "AboveMax", f"{text}: more than {check.max:.1%}.", share, total)
    if check.min is not None and high < check.min:
        return _result(check, "Fail", "BelowMin", f"{text}: less than {check.min:.1%}.", share, total)
    if (check.max is None or share <= check.max) and (check.min is None or share >= check.min):
        return _result(check, "Pass", "WithinLimits", f"{text}.", share, total)
    return _result(check, "Hold", "Inconclusive", f"{text}: more documents have to tell.", share, total)


def _judge_loss(check: Analysis, found: Mapping[str, Reading]) -> CheckResult:
    candidate = found.get("candidate_right") or 0.0, found.get("candidate_all") or 0.0
    stable = found.get("stable_right") or 0.0, found.get("stable_all") or 0.0
    fewest = min(candidate[1], stable[1])
    if fewest < max(check.min_samples, 1) or check.max is None:
        return _few(check, fewest)
    loss = stable[0] / stable[1] - candidate[0] / candidate[1]
    low, high = difference(stable, candidate)
    text = f"{loss:+.1%} of verdicts lost, {low:+.1%} to {high:+.1%}"
    if low > check.max:
        return _result(check, "Fail", "AboveMax", f"{text}: more than {check.max:.1%}.", loss, fewest)
    if loss <= check.max:
        return _result(check, "Pass", "WithinLimits", f"{text}.", loss, fewest)
    return _result(check, "Hold", "Inconclusive", f"{text}: more verdicts have to tell.", loss, fewest)


def _few(check: Analysis, samples: float) -> CheckResult:
    message = f"{samples:.0f} of {check.min_samples} documents."
    return _no_data(check, "InsufficientSamples" if samples else "NoData", message, samples)


def _no_data(check: Analysis, reason: str, message: str, samples: float | None = None) -> CheckResult:
    return _result(check, check.on_no_data, reason, message, None, samples)


def _result(
    check: Analysis, verdict: str, reason: str, message: str, value: float | None = None, samples: float | None = None
) -> CheckResult:
    return CheckResult.model_validate(
        {
            "name": check.name,
            "verdict": verdict,
            "reason": reason,
            "message": message,
            "value": value,
            "samples": samples,
            "dry_run": check.dry_run,
        }
    )


def failed(status: PromotionStatus) -> CheckResult | None:
    """Return the first check that failed and counts."""
    return next((check for check in status.checks if check.verdict == "Fail" and not check.dry_run), None)


def waiting(status: PromotionStatus) -> CheckResult | None:
    """Return the first check that cannot tell yet and counts."""
    return next((check for check in status.checks if check.verdict in ("Hold", "Error") and not check.dry_run), None)
