"""scripts/images with a builder of the tests' own: what is built at once, and what becomes of a failure."""

import os
import subprocess
from pathlib import Path

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
