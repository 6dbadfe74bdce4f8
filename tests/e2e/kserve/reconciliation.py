"""One pass over an InferenceService and what the cluster has of it: objects to apply or delete, and its status."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from .admission import admitted
from .conditions import Conditions, Verdict, deployment_verdict, initial, is_true, marked
from .ingress import Outside, address, component_url, host, ingress
from .model_status import model_status, refused
from .names import (
    AUTOSCALER_ANNOTATION,
    MODE_ANNOTATION,
    NO_UPDATE_ANNOTATION,
    Component,
    Object,
    annotation,
    component_name,
    components,
    is_cluster_local,
    is_stopped,
)
from .runtimes import InvalidSpec, Runtime, Runtimes, choose_runtime
from .storage import Download
from .workloads import component_objects, predictor_pod, transformer_pod

Key = tuple[str, str]
WORKLOADS = ("Deployment", "Service", "HorizontalPodAutoscaler")


@dataclass(frozen=True)
class Observed:
    """An InferenceService, and what the cluster has of it: objects by kind and name, and the predictor's pods."""

    service: Object
    runtimes: Runtimes
    existing: Mapping[Key, Object]
    pods: Sequence[Object]
    download: Download
    outside: Outside


@dataclass(frozen=True)
class Event:
    """What is told about an InferenceService."""

    kind: str
    reason: str
    message: str


@dataclass(frozen=True)
class Outcome:
    """What is to be done: objects to apply, others to delete, the status to write (None: leave it), events to send."""

    apply: tuple[Object, ...] = ()
    delete: tuple[Key, ...] = ()
    status: Object | None = None
    events: tuple[Event, ...] = ()


def reconcile(observed: Observed, now: str) -> Outcome:
    """Return what KServe's controller does about a service in one pass.

    Args:
        observed: The service as stored, and what there is of it.
        now: The time of conditions that change, as RFC 3339.
    """
    service = admitted(observed.service)
    observed = replace(observed, service=service)
    status = dict(service.get("status") or {})
    conditions = {item["type"]: item for item in status.get("conditions") or []} or dict(initial(now))
    if annotation(service, NO_UPDATE_ANNOTATION) == "true" and is_true(conditions, "Ready"):
        return Outcome()
    mode = annotation(service, MODE_ANNOTATION)
    pass_ = _Pass(observed, {**status, "deploymentMode": mode}, conditions, now)
    if mode != "Standard":
        rejected = Event("Warning", "ServerlessModeRejected", f"Deployment mode {mode} is not available")
        return pass_.finish(Outcome(events=(rejected,)))
    return pass_.stop() if is_stopped(service) else pass_.run()


def _is_kept(item: Object, existing: Mapping[Key, Object]) -> bool:
    """Return whether KServe leaves an object alone: a Service or an Ingress is compared by what it does."""
    found = existing.get((item["kind"], item["metadata"]["name"]))
    if found is None or item["kind"] not in ("Service", "Ingress"):
        return False
    return all(found["spec"].get(field) == value for field, value in item["spec"].items())


class _Pass:
    """The status while one pass changes it, step by step as the controller does."""

    def __init__(self, observed: Observed, status: Object, conditions: Conditions, now: str) -> None:
        self._observed, self._service = observed, observed.service
        self._status, self._conditions, self._now = status, conditions, now
        self._was_ready = is_true(conditions, "Ready")

    def run(self) -> Outcome:
        observed, service = self._observed, self._service
        runtime: Runtime | None = None
        try:
            if model := service["spec"]["predictor"].get("model"):
                runtime = choose_runtime(model, observed.runtimes)
                self._status.pop("clusterServingRuntimeName", None)
                self._status.pop("servingRuntimeName", None)
                self._status[runtime.status_field] = runtime.name
            objects = component_objects(
                service, "predictor", predictor_pod(service, runtime), runtime, observed.download
            )
        except InvalidSpec as refusal:
            self._status["modelStatus"] = refused(self._status.get("modelStatus") or {}, refusal)
            return self.finish(Outcome(events=(Event("Warning", "InternalError", str(refusal)),)))
        except ValueError as error:
            return self.finish(Outcome(events=(Event("Warning", "InternalError", str(error)),)))
        self._follow_deployment("predictor")
        ready = is_true(self._conditions, "Ready")
        if (model_now := model_status(self._status.get("modelStatus") or {}, observed.pods, ready=ready)) is None:
            return replace(self.finish(Outcome(tuple(objects))), status=None, events=())
        self._status["modelStatus"] = model_now
        if "transformer" in components(service):
            objects += component_objects(service, "transformer", transformer_pod(service), None, observed.download)
            self._follow_deployment("transformer")
        self._mark("Stopped", "False")
        objects += self._reach()
        return self.finish(Outcome(tuple(objects), self._left_over(objects)))

    def stop(self) -> Outcome:
        predictor = self._conditions.get("PredictorReady", {})
        if (predictor.get("status"), predictor.get("reason")) != ("False", "Stopped"):
            self._status, self._conditions = {"deploymentMode": self._status["deploymentMode"]}, {}
            self._mark("PredictorReady", "False", "Stopped")
        if "transformer" in components(self._service):
            self._mark("TransformerReady", "False", "Stopped")
        self._mark("Stopped", "True")
        if any(kind == "Ingress" for kind, _ in self._observed.existing):
            self._mark("IngressReady", "False", "Stopped")
        return self.finish(Outcome(delete=tuple(self._observed.existing)))

    def finish(self, outcome: Outcome) -> Outcome:
        """Return an outcome with the status reached, and what is told of its change."""
        status = {**self._status, "conditions": [self._conditions[name] for name in sorted(self._conditions)]}
        events = list(outcome.events)
        name = self._service["metadata"]["name"]
        ready = self._conditions["Ready"]["status"]
        if ready == "True" and not self._was_ready:
            events.append(Event("Normal", "InferenceServiceReady", f"InferenceService [{name}] is Ready"))
        if ready == "False" and self._was_ready:
            causes = [key for key in sorted(self._conditions) if self._conditions[key]["status"] == "False"]
            text = f"InferenceService [{name}] is no longer Ready because of: {', '.join(causes)}"
            events.append(Event("Warning", "InferenceServiceNotReady", text))
        changed = tuple(item for item in outcome.apply if not _is_kept(item, self._observed.existing))
        return replace(outcome, apply=changed, status=status, events=tuple(events))

    def _mark(self, name: str, verdict: Verdict, reason: str = "", message: str = "") -> None:
        self._conditions = marked(self._conditions, name, verdict, reason, message, now=self._now)

    def _follow_deployment(self, component: Component) -> None:
        deployment = self._observed.existing.get(("Deployment", component_name(self._service, component)))
        verdict, reason, message = deployment_verdict(deployment)
        shown = dict(self._status.get("components") or {})
        url = {"url": component_url(self._service, component, self._observed.outside)} if verdict == "True" else {}
        self._status["components"] = {**shown, component: {**shown.get(component, {}), **url}}
        self._mark(f"{component.capitalize()}Ready", verdict, reason, message)
        # KServe shows the generation of the Deployment it looked at last, not the service's.
        if generation := ((deployment or {}).get("status") or {}).get("observedGeneration"):
            self._status["observedGeneration"] = generation

    def _reach(self) -> list[Object]:
        service, outside = self._service, self._observed.outside
        made: list[Object] = []
        if not is_cluster_local(service):
            for component in components(service):
                name = component.capitalize()
                if not is_true(self._conditions, f"{name}Ready"):
                    self._mark("IngressReady", "False", f"{name} ingress not created")
                    return []
            made = [ingress(service, outside)]
        self._status["url"] = f"http://{host(service, outside)}"
        self._status["address"] = {"url": address(service)}
        self._mark("IngressReady", "True")
        return made

    def _left_over(self, wanted: Sequence[Object]) -> tuple[Key, ...]:
        """Return the predictor's objects under a former name, and autoscalers that are no longer asked for."""
        kept = {(item["kind"], item["metadata"]["name"]) for item in wanted}
        scaled = annotation(self._service, AUTOSCALER_ANNOTATION) in ("", "hpa")
        return tuple(
            key
            for key, item in self._observed.existing.items()
            if key[0] in WORKLOADS
            and key not in kept
            and (
                item["metadata"].get("labels", {}).get("component") == "predictor"
                or (key[0] == "HorizontalPodAutoscaler" and not scaled)
            )
        )
