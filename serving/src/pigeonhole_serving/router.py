"""Have a document's text scored by the model that the routing names, and by stable where the candidate fails."""

from pigeonhole.artefact import ModelIdentity
from pigeonhole.ocr import View
from pigeonhole.scored_texts import ScoredTexts
from pigeonhole_serving.breaker import BreakerLimits
from pigeonhole_serving.comparing import Comparisons, Scored
from pigeonhole_serving.errors import Reason, ServingError, failure
from pigeonhole_serving.metrics import FALLBACKS
from pigeonhole_serving.predictor_client import PredictorClient, Question, Target
from pigeonhole_serving.routing import STABLE_ALONE, Candidate, Choice, Role, Route, Routing, choose
from pigeonhole_serving.routing_file import RoutingFile
from pigeonhole_serving.settings import ServingSettings
from pigeonhole_serving.trial import Trial


class Router:
    """Chooses who answers, by the routing in force and by how the candidate does."""

    def __init__(self, predictor: PredictorClient, routing: RoutingFile, settings: ServingSettings) -> None:
        self.predictor = predictor
        self.comparisons = Comparisons(settings.shadow_limit)
        self._routing = routing
        self._settings = settings
        self._trial = Trial(BreakerLimits(settings.candidate_failures, settings.candidate_open_seconds))

    def route(self, identity: str, asked: Role | None = None) -> "RoutedDocument":
        """Return who answers for the document, or for the group of documents, of this identity.

        Whoever is `asked` for answers, unless it is a candidate that there is not or that is left alone now.

        Raises:
            ServingError: 503, when neither a routing file nor --predictor_host names a predictor.
        """
        routing = self._current()
        choice = choose(routing, identity, asked)
        if routing.candidate and choice.involves_candidate and not self._trial.may_ask(routing.candidate):
            if choice.answers is Role.CANDIDATE:
                count_fallback(routing.candidate, "open")
            choice = STABLE_ALONE
        return RoutedDocument(self, routing, choice)

    async def probe(self, request_id: str) -> None:
        """Have stable score an empty text, to learn that it answers and with which model.

        Raises:
            ServingError: 503 or 504.
        """
        await self.ask_stable(self._current(), Question([""], 0, request_id))

    async def ask_stable(self, routing: Routing, question: Question) -> ScoredTexts:
        """Return stable's numbers.

        Raises:
            ServingError: As `PredictorClient.score`.
        """
        return await self.predictor.score(self.target(routing, Role.STABLE), question)

    async def ask_candidate(self, routing: Routing, question: Question) -> ScoredTexts:
        """Return the candidate's numbers; its breaker learns how it did.

        Raises:
            ServingError: As `PredictorClient.score`, and when another version answers than the routing names.
        """
        candidate = candidate_of(routing)
        try:
            scored = await self.predictor.score(self.target(routing, Role.CANDIDATE), question)
            _check_version(candidate, scored)
        except ServingError:
            self._trial.failed(candidate)
            raise
        self._trial.succeeded(candidate)
        return scored

    def target(self, routing: Routing, role: Role) -> Target:
        """Return the predictor that plays a role, with the time it has."""
        timeout = self._settings.predictor_timeout_seconds
        if role is Role.CANDIDATE:
            timeout = min(timeout, self._settings.candidate_timeout_seconds)
        return Target(role, route_of(routing, role), timeout)

    async def close(self) -> None:
        """Give up comparisons and close the connections."""
        await self.comparisons.close()
        await self.predictor.close()

    def _current(self) -> Routing:
        routing = self._routing.current()
        if routing is None:
            raise failure(Reason.NOT_READY, "No predictor is named by the routing file.")
        return routing


class RoutedDocument:
    """Who answers for one document: the model chosen for it, or stable for good once the candidate failed."""

    def __init__(self, router: Router, routing: Routing, choice: Choice) -> None:
        self._router = router
        self._routing = routing
        self._shadow = choice.shadow
        self.role = choice.answers

    @property
    def views(self) -> tuple[View, ...]:
        """In which views the document is to be read, until one is enough for the model."""
        first_looks = self._router.predictor.takes_first_looks(route_of(self._routing, self.role))
        return ("lines", "full") if first_looks else ("full",)

    async def score(self, question: Question) -> Scored:
        """Return the numbers for the document's texts and whose they are.

        Raises:
            ServingError: 503, 504 or 500, from stable.
        """
        if self.role is Role.CANDIDATE:
            try:
                return Scored(self.role, await self._router.ask_candidate(self._routing, question))
            except ServingError as error:
                self._fall_back(error)
        return Scored(self.role, await self._router.ask_stable(self._routing, question))

    async def model(self, request_id: str) -> ModelIdentity:
        """Return the model that answers, for a document without text: the last one known, else the one that says so.

        Raises:
            ServingError: 503, 504 or 500, from stable.
        """
        known = self._router.predictor.last_model(route_of(self._routing, self.role))
        return known or (await self.score(Question([""], 0, request_id))).scores.model

    def compare(self, question: Question, answered: Scored, *, complete: bool) -> None:
        """Have the other model asked about the same texts, if the routing says so; nobody waits for it."""
        if self._shadow is None:
            return
        ask = self._router.ask_stable if self._shadow is Role.STABLE else self._router.ask_candidate
        self._router.comparisons.start(answered, self._shadow, ask(self._routing, question), complete=complete)

    def _fall_back(self, error: ServingError) -> None:
        count_fallback(candidate_of(self._routing), error.reason)
        self.role, self._shadow = Role.STABLE, None


def route_of(routing: Routing, role: Role) -> Route:
    """Return the predictor that plays a role."""
    return routing.stable if role is Role.STABLE else candidate_of(routing)


def candidate_of(routing: Routing) -> Candidate:
    """Return the candidate of a routing.

    Raises:
        LookupError: There is none.
    """
    if routing.candidate is None:
        raise LookupError("this routing names no candidate")
    return routing.candidate


def count_fallback(candidate: Candidate, reason: str) -> None:
    """Count a document of the candidate's share that stable answers."""
    FALLBACKS.labels(candidate.version or "", reason).inc()


def _check_version(candidate: Candidate, scored: ScoredTexts) -> None:
    if candidate.version is not None and scored.model.version != candidate.version:
        message = "The candidate answers with another version than the routing names."
        raise ServingError(message, reason="other-version", status=503)
