"""One attempt on its way: what its phase asks of the world, and when the next phase begins.

A phase is written down before anything is done for it, and everything that is done for it may be done twice.
"""

from dataclasses import replace

from pigeonhole_operator.decision import journal
from pigeonhole_operator.decision.choice import is_registered
from pigeonhole_operator.decision.gates import TAG_PREFIX, Facts, judge_gates, tags_digest
from pigeonhole_operator.decision.names import candidate_service
from pigeonhole_operator.decision.observed import Artefact, Evaluation, Observed, Problem, Promotion, Served
from pigeonhole_operator.decision.overtaking import overtaken
from pigeonhole_operator.decision.placing import (
    apply_stable,
    deploy_candidate,
    is_digest,
    remove_candidate,
    serves,
)
from pigeonhole_operator.decision.plan import Action, DeleteAlias, Move, SetAlias, TagVersion
from pigeonhole_operator.decision.retreat import retreat
from pigeonhole_operator.decision.routing import has_left, route, stable_alone
from pigeonhole_operator.decision.trial import deadline_of, try_out
from pigeonhole_operator.resources.deployment_status import Release
from pigeonhole_operator.resources.promotion import Phase, PromotionStatus, Trigger

_UNGATED = frozenset({Trigger.RESTORE, Trigger.FORCED_PIN, Trigger.ADOPTION})
_BEFORE_ANY_EFFECT = frozenset({Phase.GATING, Phase.AWAITING_APPROVAL})
_NOT_ASKED = Problem("NotAsked", "It was not asked.")


def advance(observed: Observed, promotion: Promotion) -> Move:
    """Return what an attempt that has not ended does now."""
    if promotion.status is None:
        # Nothing was asked for an attempt without a journal: it is written first.
        return Move(journal.opened(observed.deployment, Phase.GATING, observed.now))
    suspend = observed.deployment.spec.suspend
    status = journal.paused(promotion.status, observed.now, suspend=suspend)
    if status.phase is Phase.ROLLING_BACK:
        return retreat(observed, promotion, status)
    if loss := overtaken(observed, promotion, status):
        return Move(_given_up(observed, status, *loss))
    if status.phase in (Phase.MIRRORING, Phase.CANARY):
        return try_out(observed, promotion, status)
    if status.phase is Phase.PROMOTING:
        return _promote(observed, promotion, status)
    if status.phase is Phase.VERIFYING:
        return _verify(observed, promotion, status)
    if suspend:
        return Move(journal.noted(status, "Suspended", "It goes on when suspend is off."))
    if status.phase is Phase.DEPLOYING:
        return _deploy(observed, promotion, status)
    return _gate(observed, promotion, status)


def _given_up(observed: Observed, status: PromotionStatus, reason: str, message: str) -> PromotionStatus:
    if status.phase in _BEFORE_ANY_EFFECT:
        return journal.moved(status, Phase.SUPERSEDED, observed.now, reason, message)
    return journal.taken_back(status, Phase.SUPERSEDED, observed.now, reason, message)


def _gate(observed: Observed, promotion: Promotion, status: PromotionStatus) -> Move:
    facts = _facts(observed, promotion)
    if isinstance(facts, Problem):
        return _held(observed, status, facts)
    gates = () if promotion.spec.trigger in _UNGATED else observed.deployment.spec.gates
    results = judge_gates(gates, facts)
    if isinstance(results, Problem):
        return _held(observed, status, results)
    policy = journal.policy_of(observed.deployment)
    judged = {"gates": results, "version_tags": tags_digest(facts.version), "policy": policy}
    status = status.model_copy(update=judged)
    faults = [result for result in results if not result.passed]
    if faults:
        reason = "ArtefactRefused" if faults[0] is results[0] else "GatesFailed"
        message = " ".join(f"{fault.name}: {fault.message}" for fault in faults)[:1024]
        return Move(journal.moved(status, Phase.REJECTED, observed.now, reason, message))
    return Move(_allowed(observed, promotion, status))


def _facts(observed: Observed, promotion: Promotion) -> Facts | Problem:
    release, previous = promotion.spec.release, promotion.spec.previous
    if isinstance(observed.registry, Problem):
        return observed.registry
    version = observed.registry.versions.get(release.version)
    if version is None:
        return _NOT_ASKED
    # What was found at the start of the attempt is what is judged and served, whatever is written over it.
    version = replace(version, storage_uri=release.storage_uri, digest=release.digest)
    compared = previous if previous is not None and previous.version and not promotion.spec.direct else None
    return Facts(
        version=version,
        evaluation=_evaluation(observed, release),
        artefact=_artefact(observed, release),
        stable=compared,
        stable_evaluation=_evaluation(observed, compared) if compared else None,
        stable_artefact=_artefact(observed, compared) if compared else None,
    )


def _evaluation(observed: Observed, release: Release) -> Evaluation | Problem:
    return observed.evaluations.get(release.version, _NOT_ASKED)


def _artefact(observed: Observed, release: Release) -> Artefact | Problem:
    return observed.artefacts.get(release.version, _NOT_ASKED)


def _held(observed: Observed, status: PromotionStatus, problem: Problem) -> Move:
    if observed.now > deadline_of(observed.deployment, status):
        message = f"The deadline passed. {problem.message}"
        return Move(journal.moved(status, Phase.REJECTED, observed.now, problem.reason, message))
    status = journal.noted(status, problem.reason, problem.message)
    return Move(status, wait=observed.deployment.spec.canary.interval)


def _allowed(observed: Observed, promotion: Promotion, status: PromotionStatus) -> PromotionStatus:
    spec, version = observed.deployment.spec, promotion.spec.release.version
    by_machine = promotion.spec.trigger is Trigger.ALIAS
    if spec.approval == "Manual" and by_machine and spec.approved_version != version:
        message = f"approvedVersion has to name version {version}."
        if status.phase is Phase.AWAITING_APPROVAL:
            return journal.noted(status, "AwaitingApproval", message)
        return journal.moved(status, Phase.AWAITING_APPROVAL, observed.now, "AwaitingApproval", message)
    following = Phase.PROMOTING if promotion.spec.direct else Phase.DEPLOYING
    moved = journal.moved(status, following, observed.now)
    return moved.model_copy(update={"trial_started_at": observed.now})


def _deploy(observed: Observed, promotion: Promotion, status: PromotionStatus) -> Move:
    deployment, release = observed.deployment, promotion.spec.release
    actions = deploy_candidate(observed, release)
    if serves(observed.candidate, observed.served_candidate, release):
        return Move(journal.stepped(status, deployment, 0, observed.now))
    if fault := _never_ready(observed, status, observed.served_candidate, release):
        reason, message = fault
        service = f"{candidate_service(deployment)}: {message}"
        return Move(journal.taken_back(status, Phase.ROLLED_BACK, observed.now, reason, service))
    return Move(status, actions, wait=deployment.spec.canary.interval)


def _promote(observed: Observed, promotion: Promotion, status: PromotionStatus) -> Move:
    release = promotion.spec.release
    if serves(observed.target, observed.served_stable, release):
        return Move(journal.moved(status, Phase.VERIFYING, observed.now))
    if fault := _never_ready(observed, status, observed.served_stable, release):
        return Move(journal.taken_back(status, Phase.ROLLED_BACK, observed.now, *fault))
    return Move(status, apply_stable(observed, release), wait=observed.deployment.spec.canary.interval)


def _never_ready(
    observed: Observed, status: PromotionStatus, served: Served | Problem | None, release: Release
) -> tuple[str, str] | None:
    """Return why a predictor is given up: it serves what nobody registered, or its time is over."""
    if isinstance(served, Served) and served.version == release.version and not is_digest(served, release):
        return "DigestMismatch", "The predictor has loaded other files than those that were registered."
    if observed.now - status.phase_started_at <= observed.deployment.spec.target.ready_timeout:
        return None
    what = "StableNotReady" if status.phase is Phase.PROMOTING else "CandidateNotReady"
    service = observed.target if status.phase is Phase.PROMOTING else observed.candidate
    why = served.message if isinstance(served, Problem) else (service.message if service else "it is not there")
    return what, f"It did not become ready in time: {why}"[:1024]


def _verify(observed: Observed, promotion: Promotion, status: PromotionStatus) -> Move:
    deployment, release = observed.deployment, promotion.spec.release
    alone = stable_alone(deployment, release.version)
    if not has_left(observed, alone, release.version):
        actions: tuple[Action, ...] = route(observed, alone, leaving=release.version)
        return Move(status, actions, wait=deployment.spec.canary.interval)
    if observed.candidate is not None:
        return Move(status, remove_candidate(observed), wait=deployment.spec.canary.interval)
    if isinstance(observed.registry, Problem):
        return Move(journal.noted(status, observed.registry.reason, observed.registry.message))
    failure = observed.failure
    if failure is not None and failure.reason.startswith("Registry"):
        # It reads and does not write: the end is not told before it has been written.
        return Move(journal.noted(status, failure.reason, failure.message), reports=_crown(observed, promotion))
    return Move(journal.moved(status, Phase.SUCCEEDED, observed.now), reports=_crown(observed, promotion))


def _crown(observed: Observed, promotion: Promotion) -> tuple[Action, ...]:
    """Return what the registry has to say of a version that serves; it is said before the attempt ends.

    A version that was deleted meanwhile can have no name any more, and is no reason not to come to an end.
    """
    source, version = observed.deployment.spec.source, promotion.spec.release.version
    before = promotion.spec.previous.version if promotion.spec.previous else ""
    names = [(source.previous_alias, before)] if before != version else []
    named = (*names, (source.champion_alias, version))
    aliases = tuple(SetAlias(alias, number) for alias, number in named if is_registered(observed, number))
    return (*aliases, DeleteAlias(source.candidate_alias, version))


def result_tags(promotion: Promotion, status: PromotionStatus) -> TagVersion:
    """Return what is written at the version about how an attempt ended."""
    tags = (
        (f"{TAG_PREFIX}result", status.phase.value),
        (f"{TAG_PREFIX}reason", status.reason or status.phase.value),
        (f"{TAG_PREFIX}message", status.message or status.phase.value),
        (f"{TAG_PREFIX}name", promotion.name),
    )
    return TagVersion(promotion.spec.release.version, tags)
