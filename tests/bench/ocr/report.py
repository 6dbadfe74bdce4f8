"""What comes out: the table for people, and the environment that the figures depend on."""

import os
import platform
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import pytesseract

from pigeonhole.ocr import OcrSettings
from pigeonhole.ocr.engines import open_engine
from pigeonhole.processes import usable_cpus

LIBRARIES = (
    "numpy",
    "onnxruntime",
    "opencv-python-headless",
    "pypdfium2",
    "pytesseract",
    "rapidocr-onnxruntime",
    "scikit-learn",
    "tesserocr",
)
DESCRIPTIONS = {
    "naive": "pytesseract.image_to_string(cv2.imread(path))",
    "rapidocr": "rapidocr-onnxruntime, default models",
    "full": "Pigeonhole, the whole page",
    "lines": "Pigeonhole, the first look alone",
    "progressive": "Pigeonhole, the first look, else the whole page",
    "cached": "Pigeonhole, uploaded again",
}


def environment() -> dict[str, Any]:
    """Return what the figures depend on."""
    engine = open_engine(OcrSettings())
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cpus": usable_cpus(),
        "load_average": os.getloadavg()[0],
        "omp_thread_limit": os.environ.get("OMP_THREAD_LIMIT"),
        "tesseract_of_naive": str(pytesseract.get_tesseract_version()),
        "engine": f"{engine.name} {engine.version}",
        "ocr_settings": OcrSettings().model_dump(),
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def ways_table(ways: Mapping[str, Any]) -> str:
    """Return CPU time a page and macro-F1 of each way, for people."""
    lines = []
    for group, described in ways.items():
        lines.append(f"\n{group.replace('_', ' ')}: {described['pages']} pages; CPU ms a page, x naive, macro-F1")
        naive = described["ways"]["naive"]["cpu_ms_mean"]
        for way, values in described["ways"].items():
            score = f"{values['macro_f1']:.3f}" if "macro_f1" in values else "-"
            faster = naive / values["cpu_ms_mean"]
            pages = "" if values["pages"] == described["pages"] else f" ({values['pages']} pages)"
            lines.append(f"  {way:<12}{values['cpu_ms_mean']:10.1f}{faster:9.1f}{score:>8}  {DESCRIPTIONS[way]}{pages}")
    return "\n".join(lines)
