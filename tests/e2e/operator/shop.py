"""A case's world: a model that serves, candidates, metrics, an operator, and what became of them."""

import itertools
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from lightkube import AsyncClient

from pigeonhole_frontends.laptop.ports import any_free_port

from . import case_namespace, manifests
from .cluster import Cluster, Object
from .commons import Commons
from .fault_proxy import FaultProxy, Upstream
from .gateway import to_services
from .invariants import CANDIDATE, violations
from .live_metrics import LiveMetrics
from .loop_thread import LoopThread
from .manifests import SERVICE
from .model_registry import ModelRegistry, Registered, Scores
from .operator_process import OperatorProcess, settings
from .recorder import Recorder
from .story import Story

SECONDS = 300.0
LOG_LINES = 25
ANSWERS = 5


class Shop(Story):
    """A namespace in which documents are served, with a real MLflow, a real Prometheus and an operator beside it."""

    def __init__(
        self, commons: Commons, cluster: Cluster, loop: LoopThread, watcher: AsyncClient, folder: Path
    ) -> None:
        self.namespace = f"op-{uuid4().hex[:8]}"
        self.cluster, self._folder = cluster, folder
        self._numbers = itertools.count(1)
        self._operators: list[OperatorProcess] = []
        self._uris: dict[str, str] = {}
        self.spec: Object = {}
        self.recorder = Recorder(loop, watcher, self.namespace)
        self.kubeconfig = case_namespace.make(cluster, self.namespace, commons, folder)
        self.registry = ModelRegistry(commons.mlflow, self.namespace)
        self.prometheus = LiveMetrics(commons.exporter, commons.prometheus, self.namespace)
        # Between the operator and what it asks; `served` goes round the faults.
        self.mlflow_proxy = FaultProxy(loop, Upstream(commons.mlflow))
        self.prometheus_proxy = FaultProxy(loop, Upstream(commons.prometheus))
        self.predictor_proxy = FaultProxy(loop, to_services(commons.gateway))
        self._past_faults = FaultProxy(loop, to_services(commons.gateway))
        self._proxies = (self.mlflow_proxy, self.prometheus_proxy, self.predictor_proxy, self._past_faults)
        self.operator = self.another_operator()

    # What there is.

    def serving(self, version: str, *, operator: bool = True, spec: Object | None = None, **scores: float) -> None:
        """Let a version serve that is champion, with a ModelDeployment over it and, unless told not to, an operator."""
        made = self.registered(version, report=Scores({"macro_f1": 0.9, **scores}))
        self.registry.alias("champion", version)
        self.cluster.create(manifests.service(self.namespace, version, made.uri, made.run_id))
        if operator:
            self.operator.start()
        self.deploys(spec or {})
        self.waits(lambda: self.is_ready(SERVICE), f"{SERVICE} to be ready")

    def deploys(self, spec: Object) -> None:
        """Create the ModelDeployment: quick, with some fields set otherwise."""
        made = manifests.deployment(self.namespace, spec)
        self.spec = made["spec"]
        self.cluster.create(made)

    def changes(self, spec: Object) -> None:
        """Change fields of the ModelDeployment's spec, as a person does; None removes one."""
        self.cluster.merge("ModelDeployment", SERVICE, self.namespace, {"spec": spec})

    def registered(
        self,
        version: str,
        *,
        behaves: str = "",
        digest: str | None = None,
        report: Scores | None = None,
        reported: bool = True,
        tags: Mapping[str, str] | None = None,
        **scores: float,
    ) -> Registered:
        """Register the next version.

        Args:
            version: Its number, which has to be the next one.
            behaves: A fault of its predictor, as tiny_predictor knows them: crash, unready, late, slow, broken,
                altered, as-NUMBER. Stable may never serve such a version, unless it shows there alone: FAULT-as-stable.
            digest: Another digest than its predictor tells.
            report: A whole evaluation report; default: one of the scores.
            reported: False for a run without a report.
            tags: Tags beside the usual ones.
            scores: Metrics of the report.
        """
        uri = f"{manifests.MODEL_FOLDER}/{version}" + (f"-{behaves}" if behaves else "")
        evaluation = (report or Scores({"macro_f1": 0.9, **scores})) if reported else None
        made = self.registry.register(uri, evaluation, digest=digest, tags=tags)
        assert made.version == version, f"the next version is {made.version}"
        if not behaves or behaves.endswith("-as-stable"):
            self._uris[version] = uri
        return made

    def candidate(self, version: str, **registered: Any) -> Registered:
        """Register the next version under the alias `candidate`, and let Prometheus know of its counters."""
        made = self.registered(version, **registered)
        self.metrics(version)
        self.registry.alias("candidate", version)
        return made

    def metrics(
        self,
        version: str | None = None,
        *,
        agreement: tuple[float, float] = (0, 0),
        answered: float = 0,
        fallbacks: float = 0,
        feedback: tuple[float, float] = (0, 0),
        stable_feedback: tuple[float, float] = (0, 0),
        stable: str | None = None,
    ) -> None:
        """Let the transformer's counters grow from now on, each by so much a second.

        Args:
            version: The candidate; default: the version under the alias `candidate`.
            agreement: Texts that both models scored with the same class, and with another one.
            answered: Documents that the candidate answered.
            fallbacks: Documents of its share that stable had to answer.
            feedback: Answers of the candidate that people confirmed, and that they corrected.
            stable_feedback: The same of stable's answers.
            stable: The version it is compared with; default: the version under the alias `champion`.
        """
        aliases = self.registry.aliases()
        one, other = version or aliases["candidate"], stable or aliases.get("champion", "")
        count, compared = self.prometheus.counter, "pigeonhole_shadow_comparisons_total"
        for agree, per_second in zip(("yes", "no"), agreement, strict=True):
            count(compared, per_second, model_version=one, stable_version=other, agree=agree)
        labels = {"model": "document-classifier", "model_version": one}
        by_class = {"class": "invoice"}
        count("pigeonhole_predictions_total", answered, **labels, role="candidate", result="ok", **by_class)
        count("pigeonhole_candidate_fallbacks_total", fallbacks, model_version=one, reason="error")
        for judged, rates in ((one, feedback), (other, stable_feedback)):
            for verdict, per_second in zip(("confirmed", "corrected"), rates, strict=True):
                named = {"model": "document-classifier", "model_version": judged, "verdict": verdict}
                count("pigeonhole_feedback_total", per_second, **named)

    def another_operator(self) -> OperatorProcess:
        """Return an operator that is not started; all of a case's use the same proxies."""
        environment = settings(
            kubeconfig=self.kubeconfig,
            namespace=self.namespace,
            mlflow=self.mlflow_proxy.url,
            prometheus=self.prometheus_proxy.url,
            services=self.predictor_proxy.url,
            port=any_free_port(),
        )
        made = OperatorProcess(self._folder / f"operator-{next(self._numbers)}.log", environment)
        self._operators.append(made)
        return made

    # What became of it; the rest is Story's.

    def uri(self, version: str) -> str:
        return self._uris[version]

    def served(self, service: str = SERVICE) -> dict[str, str]:
        """Return the identity that a predictor answers with, past all faults; nothing when none answers."""
        url = f"http://{service}-predictor.{self.namespace}.svc/v2/models/documents/infer"
        body = {"inputs": [{"name": "text", "shape": [1], "datatype": "BYTES", "data": ["a text"]}]}
        with httpx.Client(proxy=self._past_faults.url, timeout=30) as client:
            try:
                answer = client.post(url, json=body)
            except httpx.TransportError:
                return {}
        told: dict[str, str] = answer.json().get("parameters", {}) if answer.status_code == httpx.codes.OK else {}
        return told

    def answers_as(self, version: str, service: str = SERVICE) -> dict[str, str]:
        """Wait until a predictor's pods are all of a version; return the identity they answer with."""
        # While pods are replaced, both the old one and the new one answer.
        self.waits(
            lambda: [self.served(service).get("version") for _ in range(ANSWERS)] == [version] * ANSWERS,
            f"{service} to answer as version {version}",
        )
        return self.served(service)

    # Waiting.

    def waits(self, condition: Callable[[], bool], what: str, seconds: float = SECONDS) -> None:
        """Wait until something holds of what was recorded; it fails with all that there is to see."""

        def holds() -> bool:
            ended = [operator for operator in self._operators if operator.ended_by_itself]
            assert not ended, f"the operator ended by itself\n{self.seen()}"
            return condition()

        self.recorder.wait(holds, what, seconds, self.seen)

    def settles(self, state: str, *, stable: str | None = None, seconds: float = SECONDS) -> None:
        """Wait until the ModelDeployment is in a state, by its newest generation, with a version as its stable one."""

        def settled() -> bool:
            item, status = self.recorder.now("ModelDeployment", SERVICE), self.status
            version = (status.get("stable") or {}).get("version")
            fits = status.get("state") == state and stable in (None, version)
            return item is not None and fits and status.get("observedGeneration") == item["metadata"]["generation"]

        self.waits(settled, f"{state} with {stable or 'any version'}", seconds)

    def sees(self, kind: str, status: str, reason: str | None = None, seconds: float = SECONDS) -> None:
        """Wait until the ModelDeployment has a condition."""

        def has() -> bool:
            found = self.condition(kind)
            return found.get("status") == status and reason in (None, found.get("reason"))

        self.waits(has, f"{kind}={status} {reason or ''}", seconds)

    def hears(self, reason: str, times: int = 1, seconds: float = SECONDS) -> None:
        """Wait until events of a reason were told."""
        self.waits(lambda: len(self.said(reason)) >= times, f"the event {reason}", seconds)

    def reaches(self, phase: str, seconds: float = SECONDS) -> None:
        """Wait until the last attempt has been in a phase."""
        self.waits(lambda: phase in self.journal(), f"the phase {phase}", seconds)

    # The end.

    def violations(self) -> list[str]:
        """Return what of the invariants of all cases was broken."""
        assert not self.recorder.failure, self.recorder.failure
        broken = violations(self.recorder.changes, self._uris)
        crashed = [f"{operator.log.name}: a traceback" for operator in self._operators if "Traceback" in operator.text]
        refused = [f"{operator.log.name}: Forbidden" for operator in self._operators if "Forbidden" in operator.text]
        return broken + crashed + refused

    def close(self) -> None:
        """End the operators and begin to delete the namespace."""
        for operator in self._operators:
            operator.close()
        self.recorder.close()
        for proxy in self._proxies:
            proxy.close()
        self.prometheus.close()
        self.registry.close()
        case_namespace.remove(self.cluster, self.namespace)

    def seen(self) -> str:
        """Return what a person wants to see of a case that failed."""
        parts = {
            "status": json.dumps({key: value for key, value in self.status.items() if key != "conditions"}),
            "conditions": "".join(
                f"\n  {row['type']}={row['status']} {row['reason']}: {row.get('message', '')}"
                for row in self.status.get("conditions", [])
            ),
            "events": "".join(f"\n  {row['type']} {row['reason']}: {row['message']}" for row in self.event_objects()),
            "promotions": "".join(
                f"\n  {item['metadata']['name']}: {self.journal(item['metadata']['name'])}"
                for item in self.promotions()
            ),
            "stable": f"{self.uris()} ready={self.is_ready(SERVICE)}",
            "candidate": f"{self.uris(CANDIDATE)} ready={self.is_ready(CANDIDATE)}",
            "weights": str(self.weights()),
        }
        logs = "".join(f"\n{each.log.name}:\n{_last_lines(each.text)}" for each in self._operators if each.text)
        return f"namespace: {self.namespace}\n" + "\n".join(f"{key}: {value}" for key, value in parts.items()) + logs


def _last_lines(text: str) -> str:
    return "\n".join(text.splitlines()[-LOG_LINES:])
