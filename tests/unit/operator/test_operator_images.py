"""What the operator's process needs, and so its image."""

import pkgutil
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

import pigeonhole_operator

pytestmark = pytest.mark.unit
LOCK = tomllib.loads((Path(__file__).parents[3] / "uv.lock").read_text())
PACKAGES: dict[str, Any] = {package["name"]: package for package in LOCK["package"]}
HEAVY = {
    "kfp",
    "mlflow",
    "kubernetes",
    "scikit-learn",
    "numpy",
    "opencv-python-headless",
    "pandas",
    "requests",
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


def locked(name: str) -> set[str]:
    """Return the names of all that is installed with a package, without extras that nobody asks for."""
    found: set[str] = set()
    pending = [(name, frozenset[str]())]
    while pending:
        package, extras = pending.pop()
        found.add(package)
        said = PACKAGES[package]
        optional = [item for extra in extras for item in said.get("optional-dependencies", {}).get(extra, ())]
        needed = [
            (item["name"], frozenset(item.get("extra", ()))) for item in (*said.get("dependencies", ()), *optional)
        ]
        pending += [item for item in needed if item[0] not in found or item[1]]
    return found


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_nothing_heavy_comes_with_the_operator() -> None:
    assert {"kopf", "pydantic", "prometheus-client"} <= locked("pigeonhole-operator")
    assert HEAVY & locked("pigeonhole-operator") == set()
    assert HEAVY & locked("pigeonhole-serving") != set()


def test_every_module_is_imported_with_what_the_image_holds() -> None:
    held = locked("pigeonhole-operator")
    absent = {module for module, names in packages_distributions().items() if not held & set(map(normalised, names))}
    assert {"numpy", "mlflow", "sklearn", "cv2", "kubernetes"} <= absent
    modules = [found.name for found in pkgutil.walk_packages(pigeonhole_operator.__path__, "pigeonhole_operator.")]
    imports = "\n".join(f"import {name}" for name in modules if not name.endswith("__main__"))
    code = WITHOUT.format(absent=absent, imports=f"import kopf\n{imports}")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
