"""scripts/images with a builder of the tests' own: what is built at once, and what becomes of a failure."""

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[2]


def built(folder: Path, builder: str, *names: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the script with a builder: a piece of bash that finds an image's NAME:TAG in $1, and works in the folder."""
    program = folder / "builder"
    program.write_text(f"#!/usr/bin/env bash\ncd {folder}\necho $1 >>begun\n{builder}\n")
    program.chmod(0o755)
    environment = {name: value for name, value in os.environ.items() if name not in ("BUILDS", "REGISTRY", "TAG")}
    return subprocess.run(
        [ROOT / "scripts" / "images", *names],
        env={**environment, **settings, "BUILD_COMMAND": str(program)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def begun(folder: Path) -> list[str]:
    return [line.removeprefix("pigeonhole/").removesuffix(":dev") for line in (folder / "begun").read_text().split()]


def test_after_the_first_image_two_are_built_at_once(tmp_path: Path) -> None:
    # The first one would fail if another had begun; the two others end only together.
    builder = """
case $1 in
    *predictor*) [ "$(wc -l <begun)" = 1 ] ;;
    *) for _ in {1..100}; do [ "$(wc -l <begun)" = 3 ] && exit 0; sleep 0.1; done; exit 1 ;;
esac"""
    done = built(tmp_path, builder, "predictor", "api", "apps")
    assert (done.returncode, sorted(begun(tmp_path))) == (0, ["api", "apps", "predictor"]), done.stderr


def test_an_image_that_cannot_be_built_ends_it_with_what_its_builder_said(tmp_path: Path) -> None:
    builder = """
case $1 in *operator*) echo "no such package"; exit 7 ;; esac"""
    done = built(tmp_path, builder, "predictor", "operator", "api", BUILDS="1")
    assert done.returncode == 1
    assert "no such package\nimages: operator could not be built" in done.stderr
    assert begun(tmp_path) == ["predictor", "operator"]


def test_a_name_that_is_none_builds_nothing(tmp_path: Path) -> None:
    done = built(tmp_path, "", "predictor", "pictures")
    assert done.returncode == 2
    assert "there is no image 'pictures'" in done.stderr
    assert not (tmp_path / "begun").exists()


@pytest.mark.parametrize("builds", ["0", "-1", "two"])
def test_a_number_of_builds_that_is_none_builds_nothing(tmp_path: Path, builds: str) -> None:
    done = built(tmp_path, "", "predictor", "api", BUILDS=builds)
    assert done.returncode == 2
    assert f"BUILDS is '{builds}'" in done.stderr
    assert not (tmp_path / "begun").exists()


LAYERS = {"layers": [{"size": 100_000_000}, {"size": 49_999_999}]}
DIGEST = f"sha256:{'a' * 64}"
# As docker pushes it: the image, and a statement of how it was made.
LIST = {
    "manifests": [
        {"digest": "sha256:b", "annotations": {"vnd.docker.reference.type": "attestation-manifest"}},
        {"digest": DIGEST},
    ]
}


@contextmanager
def registry(manifests: dict[str, dict[str, Any]], otherwise: int = 404) -> Iterator[str]:
    """Answer as a registry that has the operator's manifests by tag and digest; for what it lacks with `otherwise`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            manifest = manifests.get(self.path.removeprefix("/v2/pigeonhole/operator/manifests/"))
            self.send_response(otherwise if manifest is None else 200)
            self.end_headers()
            self.wfile.write(json.dumps(manifest).encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"localhost:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("manifests", [{"dev": LAYERS}, {"dev": LIST, DIGEST: LAYERS}], ids=["an image", "a list"])
def test_an_image_within_its_budget_is_printed_with_what_is_pulled(
    tmp_path: Path, manifests: dict[str, dict[str, Any]]
) -> None:
    with registry(manifests) as address:
        done = built(tmp_path, "", "operator", REGISTRY=address)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{'operator':24}  149 MB to pull, within its budget of 150 MB\n"


def test_an_image_over_its_budget_ends_it(tmp_path: Path) -> None:
    with registry({"dev": {"layers": [{"size": 151_000_000}]}}) as address:
        done = built(tmp_path, "", "operator", "api", REGISTRY=address)
    assert done.returncode == 1
    assert "151 MB to pull, OVER its budget of 150 MB" in done.stdout
    assert done.stderr.endswith("images: operator is over its budget\n")
    assert begun(tmp_path) == ["operator"]


@pytest.mark.parametrize(
    ("manifests", "reason"),
    [({}, "the registry answers 404 for operator's manifest"), ({"dev": {"errors": []}}, "KeyError: 'layers'")],
)
def test_a_size_that_cannot_be_read_is_a_failure(
    tmp_path: Path, manifests: dict[str, dict[str, Any]], reason: str
) -> None:
    with registry(manifests) as address:
        done = built(tmp_path, "", "operator", REGISTRY=address)
    assert done.returncode == 1
    assert reason in done.stderr
    assert done.stderr.endswith("images: the size of operator could not be read\n")


@pytest.mark.parametrize("status", [401, 403])
def test_a_registry_that_lets_nobody_read_is_no_failure(tmp_path: Path, status: int) -> None:
    with registry({}, otherwise=status) as address:
        done = built(tmp_path, "", "operator", REGISTRY=address)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{'operator':24}    ? MB to pull: the registry does not tell; its budget is 150 MB\n"
