"""Names, namespaces, labels and annotations of everything in a release."""

import re
import shutil
from pathlib import Path

import pytest

from .rendering import CHART, FILES, NAMESPACE, RELEASE, Json, Pod, Rendered, helm, parse, refusal, render

pytestmark = pytest.mark.chart
CLUSTER_WIDE = {
    "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
}  # fmt: skip
LONG = "a-release-with-a-name-of-the-most-fifty-three-letters"
STANDARD = {
    "app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/component", "app.kubernetes.io/part-of",
    "app.kubernetes.io/version", "app.kubernetes.io/managed-by", "helm.sh/chart",
}  # fmt: skip
EVERYTHING = {
    "ingress": {"enabled": True},
    "gateway": {"enabled": True, "parentRefs": [{"name": "public"}], "hostnames": ["ours.test"]},
    "api": {"autoscaling": {"enabled": True}},
    "worker": {"keda": {"enabled": True}, "replicas": 2},
    "monitoring": {
        "monitors": "always",
        "rules": "always",
        "dashboards": "always",
        "alertmanager": "always",
        "slack": {"existingSecret": "slack"},
    },
    "pipelines": {"runners": ["team/runner"]},
    "networkPolicy": {"enabled": True},
}


def of_ours(rendered: Rendered) -> list[Json]:
    """Return all objects but those that the values bring as they are."""
    return [item for item in rendered if item["metadata"]["name"] != "of-ours"]


def where(item: Json) -> str:
    return f"{item['kind']}/{item['metadata']['name']}"


@pytest.fixture(params=FILES)
def everything(request: pytest.FixtureRequest) -> Rendered:
    """The chart with one of its values files, and all that can be switched on besides."""
    return render(request.param, EVERYTHING, "--is-upgrade")


def test_every_object_has_the_standard_labels(everything: Rendered) -> None:
    assert {where(item) for item in of_ours(everything) if not set(item["metadata"]["labels"]) >= STANDARD} == set()
    for item in everything.applied_by_operator.values():
        assert item["kind"] == "ConfigMap" or set(item["metadata"]["labels"]) >= STANDARD - {"helm.sh/chart"}


def lasting(rendered: Rendered) -> dict[str, Pod]:
    """Return all pods but those of `helm test`, which are made for each run."""
    return {name: pod for name, pod in rendered.pods.items() if not pod.owner.startswith("Pod/")}


@pytest.mark.parametrize("file", FILES)
def test_another_version_of_the_chart_alone_starts_no_pod_anew(file: str, tmp_path: Path) -> None:
    shutil.copytree(CHART, tmp_path / "chart")
    description = tmp_path / "chart" / "Chart.yaml"
    description.write_text(re.sub("^version: .*$", "version: 99.0.0", description.read_text(), flags=re.MULTILINE))
    done = helm("template", RELEASE, str(description.parent), "--namespace", NAMESPACE, "--values", str(FILES[file]))
    assert done.returncode == 0, done.stderr
    later, now = Rendered(done.stdout, tuple(parse(done.stdout))), render(file)
    assert "pigeonhole-99.0.0" in {item["metadata"]["labels"].get("helm.sh/chart") for item in of_ours(later)}
    assert lasting(later) == lasting(now)
    assert later.applied_by_operator == now.applied_by_operator


def test_no_two_objects_of_a_kind_have_one_name(everything: Rendered) -> None:
    names = [where(item) for item in everything]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("file", FILES)
def test_common_labels_and_annotations_are_on_every_object(file: str) -> None:
    common = {"commonLabels": {"team": "ours"}, "commonAnnotations": {"example.com/owner": "ours"}}
    rendered = render(file, {**EVERYTHING, **common}, "--is-upgrade")
    # Who serves is in a ConfigMap of the release as well, which has them; the operator must not own them beside Helm.
    applied = [item for kind, item in rendered.applied_by_operator.items() if kind != "ConfigMap"]
    for item in [*of_ours(rendered), *applied]:
        assert item["metadata"].get("labels", {}).get("team") == "ours", where(item)
        assert item["metadata"].get("annotations", {}).get("example.com/owner") == "ours", where(item)
    for pod in rendered.pods.values():
        assert pod.labels["team"] == "ours", pod.owner
        assert pod.annotations["example.com/owner"] == "ours", pod.owner


def test_selectors_choose_the_pods_and_hold_no_version(everything: Rendered) -> None:
    for kind in ("Deployment", "StatefulSet"):
        for name, item in everything.of(kind).items():
            chosen = item["spec"]["selector"]["matchLabels"]
            assert set(chosen) == {f"app.kubernetes.io/{part}" for part in ("name", "instance", "component")}, name
            assert chosen.items() <= item["spec"]["template"]["metadata"]["labels"].items(), name


@pytest.mark.parametrize("file", FILES)
def test_selectors_stay_the_same_whatever_an_upgrade_changes(file: str) -> None:
    changes = {
        "commonLabels": {"team": "ours"},
        "image": {"tag": "9"},
        "size": "medium",
        "api": {"podLabels": {"a": "b"}},
    }
    before, after = (
        {
            where(item): item["spec"]["selector"]
            for kind in ("Deployment", "StatefulSet")
            for item in each.of(kind).values()
        }
        for each in (render(file), render(file, changes))
    )
    assert before == after


def test_claims_of_volumes_never_change() -> None:
    changes = {"commonLabels": {"team": "ours"}, "image": {"tag": "9"}, "bundled": {"s3": {"resources": {}}}}
    before, after = (
        [item["spec"]["volumeClaimTemplates"] for item in each.of("StatefulSet").values()]
        for each in (render("demo-kserve"), render("demo-kserve", changes))
    )
    assert before == after
    assert len(before) == 2


@pytest.mark.parametrize("label", ["name", "instance", "component", "part-of"])
@pytest.mark.parametrize("values", ["commonLabels", "api.podLabels"])
def test_nobody_overrides_a_label_that_selects(label: str, values: str) -> None:
    labels = {f"app.kubernetes.io/{label}": "ours"}
    given = {"commonLabels": labels} if values == "commonLabels" else {"api": {"podLabels": labels}}
    assert values.rpartition(".")[2] in refusal("demo-kserve", given)


@pytest.mark.parametrize("given", ["commonLabels", "commonAnnotations"])
def test_what_a_pod_and_all_objects_are_given_alike_is_the_pods(given: str) -> None:
    key = "podLabels" if given == "commonLabels" else "podAnnotations"
    pod = render("demo-kserve", {given: {"team": "all"}, "api": {key: {"team": "ours"}}}).pods["api"]
    assert {**pod.labels, **pod.annotations}["team"] == "ours"


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("given", [{}, {"fullnameOverride": "f" * 60}, {"nameOverride": "n" * 60}], ids=str)
def test_names_are_short_enough_for_labels_with_the_longest_release(file: str, given: Json) -> None:
    rendered = render(file, {**EVERYTHING, **given}, "--is-upgrade", "--namespace", "n" * 63, release=LONG)
    long = {
        where(item) for item in rendered if "." not in item["metadata"]["name"] and len(item["metadata"]["name"]) > 63
    }
    assert long == set()
    # A StatefulSet's pods carry its name and a hash of ten as a label.
    assert [name for name in rendered.of("StatefulSet") if len(name) > 52] == []
    for item in rendered:
        assert not item["metadata"]["name"].endswith("-")
        values = item["metadata"].get("labels", {}).values()
        assert [value for value in values if len(value) > 63] == []


def test_two_releases_of_long_names_share_no_object_of_the_cluster() -> None:
    namespaces = ("a" * 50 + "-one", "a" * 50 + "-two")
    first, second = (
        {where(item) for item in render("demo-kserve", None, "--namespace", name) if item["kind"] in CLUSTER_WIDE}
        for name in namespaces
    )
    assert {name for name in first & second if not name.startswith("CustomResourceDefinition")} == set()


def test_a_release_of_the_charts_name_does_not_say_it_twice() -> None:
    assert "pigeonhole-api" in render("demo-kserve").of("Deployment")
    assert "trial-pigeonhole-api" in render("demo-kserve", release="trial").of("Deployment")


@pytest.mark.parametrize("file", FILES)
def test_fullname_override_begins_every_name_but_the_model_servers(file: str) -> None:
    rendered = render(file, {**EVERYTHING, "fullnameOverride": "sorter", "serving": {"name": "papers"}}, "--is-upgrade")
    names = {item["metadata"]["name"] for item in of_ours(rendered) if item["kind"] not in CLUSTER_WIDE}
    assert {name for name in names if not name.startswith(("sorter", "papers"))} == set()


def test_name_override_is_the_name_in_labels() -> None:
    rendered = render("demo-kserve", {"nameOverride": "sorter"})
    assert {item["metadata"]["labels"]["app.kubernetes.io/name"] for item in rendered} == {"sorter"}


@pytest.mark.parametrize("file", FILES)
def test_every_object_is_in_the_releases_namespace_or_in_another_one_as_a_whole(file: str) -> None:
    for given, wanted in (({}, "trial"), ({"namespaceOverride": "elsewhere"}, "elsewhere")):
        rendered = render(file, {**EVERYTHING, **given}, "--is-upgrade")
        for item in of_ours(rendered):
            assert item["metadata"].get("namespace") == (None if item["kind"] in CLUSTER_WIDE else wanted), where(item)


@pytest.mark.parametrize("file", FILES)
def test_nothing_of_another_namespace_speaks_of_the_releases_own(file: str) -> None:
    text = render(file, {**EVERYTHING, "namespaceOverride": "elsewhere"}, "--namespace", "of-the-release").text
    assert "of-the-release" not in text


def test_more_objects_are_rendered_as_they_are() -> None:
    ours = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "of-ours"}, "data": {"a": "{{ .Values }}"}}
    assert render("demo-kserve", {"extraObjects": [ours]}).one("ConfigMap", "of-ours") == ours


@pytest.mark.parametrize("file", FILES)
def test_one_name_in_two_releases_is_two_releases(file: str) -> None:
    first, second = ({where(item) for item in render(file, EVERYTHING, release=release)} for release in ("one", "two"))
    shared = {name for name in first & second if not name.startswith("CustomResourceDefinition")}
    # The model servers are called as KServe calls those of an InferenceService, by serving.name.
    assert {name for name in shared if "documents" not in name and "papers" not in name} - {
        "ConfigMap/of-ours"
    } == set()
