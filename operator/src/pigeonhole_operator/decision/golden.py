"""What the replay of the golden set says of the candidate."""

from pigeonhole_operator.decision.observed import Problem, Replay
from pigeonhole_operator.resources.deployment_spec import Golden
from pigeonhole_operator.resources.promotion import CheckResult, GoldenResult

GOLDEN = "golden-set"
"""The name of this check."""


def judge_golden(golden: Golden, result: GoldenResult | None, replay: Replay | Problem | None) -> CheckResult:
    """Return what the replay found so far; a document that the candidate did not answer counts as wrong."""
    if result is None:
        return _pending(replay)
    total = max(result.documents, 1)
    candidate, stable = result.candidate_right / total, result.stable_right / total
    text = f"{result.candidate_right} of {result.documents} right, stable {result.stable_right}"
    if result.failed:
        text += f", {result.failed} not answered"
    if candidate < golden.min_accuracy:
        return _result("Fail", "BelowMin", f"{text}: at least {golden.min_accuracy:.1%} is needed.", candidate)
    if stable - candidate > golden.max_loss:
        return _result("Fail", "AboveMax", f"{text}: at most {golden.max_loss:.1%} may be lost.", candidate)
    return _result("Pass", "WithinLimits", f"{text}.", candidate)


def _pending(replay: Replay | Problem | None) -> CheckResult:
    if isinstance(replay, Problem):
        return _result("Error", replay.reason, replay.message)
    done = f"{replay.sent} of {replay.total} documents sent." if replay else "It has not begun."
    return _result("Hold", "GoldenSetReplay", done)


def _result(verdict: str, reason: str, message: str, value: float | None = None) -> CheckResult:
    return CheckResult.model_validate(
        {"name": GOLDEN, "verdict": verdict, "reason": reason, "message": message, "value": value}
    )
