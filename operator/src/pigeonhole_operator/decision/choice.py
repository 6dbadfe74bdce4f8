"""Which version is to be tried next, if any, and why not."""

from dataclasses import dataclass
from datetime import datetime

from pigeonhole_operator.decision.gates import tags_digest
from pigeonhole_operator.decision.journal import policy_of
from pigeonhole_operator.decision.names import promotion_name
from pigeonhole_operator.decision.observed import Deployment, ModelVersion, Observed, Problem, Promotion
from pigeonhole_operator.decision.plan import CreatePromotion
from pigeonhole_operator.resources.deployment_spec import Pin
from pigeonhole_operator.resources.deployment_status import PendingCandidate, Release
from pigeonhole_operator.resources.promotion import Phase, PromotionSpec, Trigger

RETRY_TAG = "promotion_retry"
"""A tag of a version; another value frees a version that was quarantined or refused."""
PINS = frozenset({Trigger.PIN, Trigger.RESTORE, Trigger.FORCED_PIN})
"""The triggers of a pin."""
_BY_HAND = PINS | {Trigger.ADOPTION}
_DIRECT = frozenset({Trigger.RESTORE, Trigger.FORCED_PIN})
_FAILED = frozenset({Phase.REJECTED, Phase.ROLLED_BACK})


@dataclass(frozen=True)
class Wish:
    """A version that somebody wants to serve, by which way, and why."""

    version: str
    trigger: Trigger
    reason: str = ""


@dataclass(frozen=True)
class Choice:
    """The attempt to begin, or the reason and the sentence why none begins."""

    start: CreatePromotion | None = None
    reason: str = "Idle"
    message: str = ""
    until: datetime | None = None


def wishes_of(observed: Observed, stable: Release | None) -> tuple[Wish, ...]:
    """Return the versions that are wanted now, the first first: a pin alone, else a request, then the alias's."""
    spec = observed.deployment.spec
    if spec.pin is not None:
        return (_pinned(spec.pin, observed.deployment),)
    if isinstance(observed.registry, Problem):
        return ()
    champion = observed.registry.aliases.get(spec.source.champion_alias)
    if stable is None and champion is not None:
        return (Wish(champion, Trigger.ADOPTION, "it has the champion's alias"),)
    wishes = []
    if spec.request is not None:
        wishes.append(Wish(spec.request.version, Trigger.REQUEST, spec.request.reason))
    if candidate := observed.registry.aliases.get(spec.source.candidate_alias):
        wishes.append(Wish(candidate, Trigger.ALIAS))
    return tuple(wishes)


def _pinned(pin: Pin, deployment: Deployment) -> Wish:
    window = deployment.status.recent[: deployment.spec.rollback.window]
    if any(release.version == pin.version for release in window):
        return Wish(pin.version, Trigger.RESTORE, pin.reason)
    return Wish(pin.version, Trigger.FORCED_PIN if pin.skip_gates else Trigger.PIN, pin.reason)


def pending_of(observed: Observed) -> PendingCandidate | None:
    """Return the candidate that the polls found, with the poll that found it first."""
    known = observed.deployment.status.pending
    if isinstance(observed.registry, Problem):
        return known
    found = observed.registry.aliases.get(observed.deployment.spec.source.candidate_alias, "")
    if known is not None and known.version == found:
        return known
    return PendingCandidate(version=found, seen_at=observed.registry.polled_at)


def is_settled(observed: Observed) -> bool:
    """Tell whether two polls in a row found the same candidate, or none."""
    known = observed.deployment.status.pending
    if isinstance(observed.registry, Problem) or known is None:
        return False
    found = observed.registry.aliases.get(observed.deployment.spec.source.candidate_alias, "")
    return known.version == found and observed.registry.polled_at > known.seen_at


def choose(observed: Observed, stable: Release | None) -> Choice:
    """Return the attempt that is to begin, or why none is: what keeps the last of the versions that are wanted."""
    if observed.deployment.spec.pin is None and isinstance(observed.registry, Problem):
        return Choice(reason=observed.registry.reason, message=observed.registry.message)
    choice = Choice(message="No version wants to serve.")
    for wish in wishes_of(observed, stable):
        choice = _consider(observed, stable, wish)
        if choice.start is not None:
            break
    return choice


def _consider(observed: Observed, stable: Release | None, wish: Wish) -> Choice:
    if stable is not None and wish.version == stable.version:
        return Choice(reason="Pinned" if wish.trigger in PINS else "Idle", message=f"Version {wish.version} serves.")
    if observed.deployment.spec.suspend:
        return Choice(reason="Suspended", message=f"Version {wish.version} waits until suspend is off.")
    if wish.trigger is Trigger.ALIAS and not is_settled(observed):
        return Choice(reason="CandidateSeen", message=f"Version {wish.version} waits for a second poll.")
    version = _version(observed, wish)
    if isinstance(version, Choice):
        return version
    obstacle = _quarantine(observed.deployment, wish, version) or _earlier(observed, wish, version)
    return obstacle or _begin(observed, stable, wish, version)


def _version(observed: Observed, wish: Wish) -> ModelVersion | Choice:
    if isinstance(observed.registry, Problem):
        return Choice(reason=observed.registry.reason, message=observed.registry.message)
    version = observed.registry.versions.get(wish.version)
    if version is None:
        return Choice(reason="VersionMissing", message=f"The registry has no version {wish.version}.")
    return version


def is_registered(observed: Observed, version: str) -> bool:
    """Tell whether the registry is known to have a version."""
    return not isinstance(observed.registry, Problem) and observed.registry.versions.get(version) is not None


def _quarantine(deployment: Deployment, wish: Wish, version: ModelVersion) -> Choice | None:
    if wish.trigger in _BY_HAND:
        return None
    held = next((item for item in deployment.status.quarantined if item.version == wish.version), None)
    if held is None or version.tags.get(RETRY_TAG, "") not in ("", held.retry_tag):
        return None
    way = f"a new value of its tag {RETRY_TAG}, or a pin, frees it"
    message = f"Version {wish.version} was taken back ({held.reason}); {way}."
    return Choice(reason="CandidateQuarantined", message=message)


def _earlier(observed: Observed, wish: Wish, version: ModelVersion) -> Choice | None:
    """Return what earlier attempts forbid: the same once more under the same rules, and haste after a failure."""
    deployment = observed.deployment
    ended = ended_of(observed.promotions)
    same = [found for found in ended if found.spec.release.version == wish.version]
    if same and _is_futile(last := same[-1], wish, version, deployment):
        reason = last.status.reason if last.status else ""
        return Choice(reason=reason, message=f"Version {wish.version} failed in attempt {last.name}.")
    if wish.trigger in _BY_HAND:
        return None
    slow = [found for found in ended if found.status and found.status.phase is Phase.ROLLED_BACK]
    slow += [found for found in same if found.status and found.status.phase is Phase.SUPERSEDED]
    ends = [found.status.finished_at for found in slow if found.status and found.status.finished_at]
    if ends and observed.now < (until := max(ends) + deployment.spec.rollback.cooldown):
        message = f"Version {wish.version} waits for the end of the cooldown."
        return Choice(reason="Cooldown", message=message, until=until)
    return None


def _is_futile(last: Promotion, wish: Wish, version: ModelVersion, deployment: Deployment) -> bool:
    status = last.status
    if status is None or status.phase not in _FAILED:
        return False
    # A person who asks once more has a reason to; an alias that stays has none, unless the rules are others.
    same_rules = wish.trigger is Trigger.ALIAS and status.policy == policy_of(deployment)
    if last.spec.generation != deployment.generation and not same_rules:
        return False
    if status.phase is Phase.ROLLED_BACK and wish.trigger in (Trigger.ALIAS, Trigger.REQUEST):
        # Whether it is tried again is for the quarantine and the cooldown to say.
        return False
    return status.version_tags == tags_digest(version) or status.phase is Phase.ROLLED_BACK


def _begin(observed: Observed, stable: Release | None, wish: Wish, version: ModelVersion) -> Choice:
    deployment = observed.deployment
    attempts = [found.spec.attempt for found in observed.promotions if found.spec.release.version == wish.version]
    spec = PromotionSpec(
        deployment=deployment.name,
        attempt=max(attempts, default=0) + 1,
        generation=deployment.generation,
        trigger=wish.trigger,
        reason=wish.reason,
        direct=stable is None or wish.trigger in _DIRECT,
        release=release_of(version),
        previous=stable or _unknown(observed),
    )
    name = promotion_name(deployment, wish.version, spec.attempt)
    return Choice(CreatePromotion(name, spec), "Starting", f"Version {wish.version} is tried.")


def release_of(version: ModelVersion) -> Release:
    """Return what is to be served of a version."""
    return Release(
        version=version.version, run_id=version.run_id, storage_uri=version.storage_uri, digest=version.digest
    )


def _unknown(observed: Observed) -> Release | None:
    """Return what the target serves before the operator knows any version, to go back to when an adoption fails."""
    target = observed.target
    if target is None or not target.storage_uri:
        return None
    return Release(version=target.version, storage_uri=target.storage_uri)


def ended_of(promotions: tuple[Promotion, ...]) -> list[Promotion]:
    """Return the attempts that have ended, the oldest first."""
    ended = [found for found in promotions if found.status is not None and found.status.phase.ended]
    return sorted(ended, key=lambda found: (found.created_at, found.spec.attempt, found.name))
