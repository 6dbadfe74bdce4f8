"""What the lock brings into each image made of our code, and whether its processes need anything else."""

import pkgutil
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[2]
PACKAGES: dict[str, Any] = {
    package["name"]: package for package in tomllib.loads((ROOT / "uv.lock").read_text())["package"]
}
WITHOUT = """
import sys
from importlib.machinery import PathFinder

class Image(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in {absent!r} else super().find_spec(name, path, target)

sys.meta_path = [Image if finder is PathFinder else finder for finder in sys.meta_path]
{imports}
"""
# A screen is a script that Streamlit runs, and Alembic runs the environment of the migrations.
SCRIPTS = re.compile(r"\.__main__$|\.screens\.|_app\.main$|\.migrations\.env$")


@dataclass(frozen=True)
class Image:
    """An image: its Dockerfile's folder, what it must not hold, and the packages whose every module it must import.

    `unused` are modules of verbs that say what to install when they are called.
    """

    folder: str
    forbidden: frozenset[str]
    packages: tuple[str, ...]
    unused: str = "^$"


IMAGES = {
    "api": Image(
        "api",
        frozenset({"streamlit", "kfp", "kserve", "mlflow", "scikit-learn", "pandas", "matplotlib", "reportlab"}),
        ("pigeonhole_api",),
    ),
    "apps": Image(
        "frontends",
        frozenset({"mlflow", "mlflow-skinny", "kfp", "kserve", "sqlalchemy", "scikit-learn", "opencv-python-headless"}),
        ("pigeonhole_api.client", "pigeonhole_api.models", "pigeonhole_frontends"),
        unused=r"\.laptop\.offline$",
    ),
    "components": Image(
        "components",
        frozenset({"streamlit", "kserve"}),
        ("pigeonhole", "pigeonhole_api", "pigeonhole_components", "pigeonhole_pipelines", "pigeonhole_frontends.cli"),
        unused=r"^pigeonhole\.telemetry\.tracing$",
    ),
    "operator": Image(
        "operator",
        frozenset({"kfp", "mlflow", "mlflow-skinny", "kubernetes", "scikit-learn", "numpy", "sqlalchemy", "fastapi"}),
        ("pigeonhole_operator",),
    ),
}


def installed(image: Image) -> tuple[str, tuple[str, ...]]:
    """Return the room that an image's Dockerfile installs, and the extras with it."""
    text = (ROOT / image.folder / "Dockerfile").read_text()
    told = {line.partition(" ")[2] for line in re.findall(r"^RUN image-stage (.*)$", text, re.MULTILINE)}
    (options,) = {options for options in told if options.startswith("--package")}
    name, *extras = re.findall(r"--(?:package|extra) (\S+)", options)
    return name, tuple(extras)


def locked(name: str, extras: tuple[str, ...]) -> set[str]:
    """Return the names of all that is installed with a room, without extras that nobody asks for."""
    seen: set[tuple[str, str]] = set()
    pending = [(name, part) for part in ("", *extras)]
    while pending:
        package, part = pending.pop()
        if (package, part) in seen:
            continue
        seen.add((package, part))
        said = PACKAGES[package]
        needed = said.get("optional-dependencies", {}).get(part, ()) if part else said.get("dependencies", ())
        pending += [(item["name"], extra) for item in needed for extra in ("", *item.get("extra", ()))]
    return {package for package, _ in seen}


def modules(image: Image) -> Iterator[str]:
    for package in image.packages:
        yield package
        for found in pkgutil.walk_packages(import_module(package).__path__, f"{package}."):
            if not SCRIPTS.search(found.name) and not re.search(image.unused, found.name):
                yield found.name


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_holds_nothing_that_its_processes_have_no_use_for(name: str) -> None:
    held = locked(*installed(IMAGES[name]))
    assert IMAGES[name].forbidden & held == set()
    assert set(PACKAGES) >= IMAGES[name].forbidden


@pytest.mark.parametrize("name", IMAGES)
def test_every_module_is_imported_with_what_the_image_holds(name: str) -> None:
    image = IMAGES[name]
    held = locked(*installed(image))
    absent = {module for module, names in packages_distributions().items() if not held & set(map(normalised, names))}
    imports = "\n".join(f"import {module}" for module in modules(image))
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT.format(absent=absent, imports=imports)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
