"""All sources of a running operator, on one HTTP session, opened and closed together."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from pigeonhole.settings import PlatformSettings
from pigeonhole_operator.brain import Sources
from pigeonhole_operator.decision.names import transformer_host
from pigeonhole_operator.decision.observed import Deployment, Problem, Promotion, Replay
from pigeonhole_operator.sources.artefacts import ArtefactStore
from pigeonhole_operator.sources.exchange import open_session
from pigeonhole_operator.sources.mlflow import MlflowRegistry
from pigeonhole_operator.sources.ports import SourceError, WebhookRefused
from pigeonhole_operator.sources.predictors import Predictors
from pigeonhole_operator.sources.prometheus import PrometheusMetrics
from pigeonhole_operator.sources.replay import GoldenReplay, ReplayKey, ReplayRequest
from pigeonhole_operator.sources.settings import SourceSettings
from pigeonhole_operator.sources.storages import Storages
from pigeonhole_operator.sources.webhook import Deliveries, WebhookRefusal, model_of


class GoldenSets:
    """The replays of the attempts that are under way."""

    def __init__(self, replays: GoldenReplay) -> None:
        self._replays = replays
        self._keys: dict[str, ReplayKey] = {}

    async def progress(self, deployment: Deployment, promotion: Promotion) -> Replay:
        """Begin the replay of a promotion, or tell how far it is.

        Raises:
            SourceError: The golden set or the transformer is out of reach; the next call begins anew.
        """
        golden = deployment.spec.canary.golden
        if golden is None:
            raise SourceError("GoldenSetUnreadable", "There is no golden set.")
        key = ReplayKey(deployment.uid, promotion.name)
        if (before := self._keys.get(deployment.uid)) not in (None, key):
            self._replays.forget(before)
        self._keys[deployment.uid] = key
        previous = promotion.spec.previous
        request = ReplayRequest(
            namespace=deployment.namespace,
            host=transformer_host(deployment),
            model=deployment.spec.target.inference_service,
            candidate_version=promotion.spec.release.version,
            stable_version=previous.version if previous else None,
            dataset=golden.dataset,
            max_documents=golden.max_documents,
        )
        self._replays.start(key, request)
        state = self._replays.state(key)
        if isinstance(state, Problem):
            # It is told once, and tried again by the next look.
            self._replays.forget(key)
            raise SourceError(state.reason, state.message)
        return state or Replay(0, 0, None)


class WebhookVerifier:
    """Believes the registry's webhooks by the secret in a file, which is read for each."""

    def __init__(self, secret_file: Path | None, seen: Deliveries) -> None:
        self._secret_file = secret_file
        self._seen = seen

    def __call__(self, headers: Mapping[str, str], body: bytes) -> str:
        """Return the registered model that a webhook is about.

        Raises:
            WebhookRefused: It is not believed, or about nothing that matters.
        """
        found = model_of(headers, body, secret=self._secret(), now=time.time(), seen=self._seen)
        if isinstance(found, WebhookRefusal):
            raise WebhookRefused(found.value, "The webhook is not followed.")
        return found

    def _secret(self) -> str:
        if self._secret_file is None:
            return ""
        try:
            return self._secret_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise WebhookRefused("SecretUnreadable", "The webhook's secret cannot be read.") from error


@asynccontextmanager
async def open_sources(settings: SourceSettings, platform: PlatformSettings) -> AsyncIterator[Sources]:
    """Open all sources; nothing is asked before a decision needs it."""
    async with open_session() as session:
        storages = Storages()
        replays = GoldenReplay(session, settings, storages, platform.storage)
        artefacts = ArtefactStore(session, settings, storages)
        seen = Deliveries(settings.webhook_remembered, settings.webhook_tolerance_seconds)
        try:
            yield Sources(
                registry=MlflowRegistry(session, settings),
                artefacts=artefacts,
                metrics=PrometheusMetrics(session, settings),
                predictors=Predictors(session, settings),
                replays=GoldenSets(replays),
                verify_webhook=WebhookVerifier(settings.webhook_secret_file, seen),
            )
        finally:
            await replays.close()
            artefacts.close()
