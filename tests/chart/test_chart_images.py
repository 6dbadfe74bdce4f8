"""Where the images come from: registry, tag, digest and the credentials for them."""

import pytest
import yaml

from .rendering import CHART, FILES, Rendered, render

pytestmark = pytest.mark.chart
DIGEST = "sha256:" + "5" * 64
NAMES = {"api", "apps", "components", "operator", "transformer", "predictor", "mlflow", "demo-postgres", "demo-s3"}


def images(rendered: Rendered) -> set[str]:
    return {part["image"] for pod in rendered.pods.values() for part in pod.containers.values()}


@pytest.mark.parametrize("file", FILES)
def test_every_image_comes_from_the_one_registry(file: str) -> None:
    given = {"global": {"imageRegistry": "registry.test:5000"}, "image": {"registry": "elsewhere.test"}}
    found = images(render(file, given, "--is-upgrade"))
    assert found
    assert {image for image in found if not image.startswith("registry.test:5000/pigeonhole/")} == set()


def test_the_registry_of_the_chart_holds_without_a_global_one() -> None:
    found = images(render("demo-kserve", {"image": {"registry": "mirror.test", "prefix": "ours/", "tag": "7"}}))
    assert {image.rpartition("/")[0] for image in found} == {"mirror.test/ours"}
    assert {image.rpartition(":")[2] for image in found} == {"7"}


def test_an_empty_registry_and_prefix_leave_the_name_alone() -> None:
    assert "api:7" in images(render("demo-kserve", {"image": {"registry": "", "prefix": "", "tag": "7"}}))


def test_the_tag_is_the_charts_app_version() -> None:
    version = yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"]
    assert {image.rpartition(":")[2] for image in images(render("demo-kserve"))} == {version}


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_digest_wins_over_the_tag(name: str) -> None:
    found = images(render("demo-kserve", {"image": {"digests": {name: DIGEST}}}))
    assert f"ghcr.io/pigeonhole/{name}@{DIGEST}" in found
    assert len([image for image in found if "@" in image]) == 1


def test_the_demo_takes_no_image_but_these() -> None:
    assert {image.rpartition("/")[2].partition(":")[0] for image in images(render("demo-kserve"))} == NAMES


@pytest.mark.parametrize("file", FILES)
def test_every_pod_has_the_credentials_for_images(file: str) -> None:
    rendered = render(file, {"global": {"imagePullSecrets": ["ours", "theirs"]}}, "--is-upgrade")
    wanted = [{"name": "ours"}, {"name": "theirs"}]
    assert [pod.owner for pod in rendered.pods.values() if pod.spec.get("imagePullSecrets") != wanted] == []


@pytest.mark.parametrize("file", FILES)
def test_every_image_is_pulled_as_the_values_say(file: str) -> None:
    rendered = render(file, {"image": {"pullPolicy": "Always"}}, "--is-upgrade")
    policies = {part["imagePullPolicy"] for pod in rendered.pods.values() for part in pod.containers.values()}
    assert policies == {"Always"}


def test_the_training_pipelines_image_is_the_releases() -> None:
    given = {"global": {"imageRegistry": "registry.test"}, "image": {"digests": {"components": DIGEST}}}
    data = render("external", given).one("ConfigMap", "pigeonhole-pipelines")["data"]
    assert data["PIGEONHOLE_COMPONENTS_IMAGE"] == f"registry.test/pigeonhole/components@{DIGEST}"
