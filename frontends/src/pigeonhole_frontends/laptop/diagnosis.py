"""What a machine needs to run Pigeonhole, and whether it has it."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from pigeonhole.errors import PigeonholeError
from pigeonhole.settings import PlatformSettings
from pigeonhole_frontends.finding import Finding
from pigeonhole_frontends.laptop.ports import DEFAULT_PORTS, is_free

_MIN_FREE_BYTES = 2_000_000_000
_FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts", "/System/Library/Fonts")


def diagnose(settings: PlatformSettings, *, with_ports: bool = True) -> list[Finding]:
    """Look at everything that a laptop's platform needs."""
    checks: list[Callable[[], Finding]] = [
        _python,
        _engine,
        _fonts,
        lambda: _disk(settings.home),
        lambda: _storage(settings.storage),
        lambda: _registry(settings),
    ]
    findings = [check() for check in checks]
    if with_ports:
        findings.extend(_port(name, port) for name, port in DEFAULT_PORTS.items())
    return findings


def _without(what: str, error: ModuleNotFoundError) -> Finding:
    return Finding(what, False, f"without '{error.name}'", "Install pigeonhole-frontends[laptop].")


def _python() -> Finding:
    found = ".".join(str(part) for part in sys.version_info[:3])
    return Finding("Python 3.11", sys.version_info[:2] == (3, 11), found, "Run `make setup`, which brings it.")


def _engine() -> Finding:
    try:
        from pigeonhole.ocr import OcrSettings
        from pigeonhole.ocr.engines import open_engine

        engine = open_engine(OcrSettings())
        missing = engine.missing_languages()
        found = f"{engine.name} {engine.version}" + (f" without {', '.join(missing)}" if missing else "")
    except PigeonholeError as error:
        return Finding("OCR engine", False, error.message, error.hint)
    except ModuleNotFoundError as error:
        return _without("OCR engine", error)
    return Finding("OCR engine", not missing, found, "Debian: apt-get install tesseract-ocr-fra tesseract-ocr-eng")


def _fonts() -> Finding:
    count = sum(1 for folder in _FONT_FOLDERS for _ in Path(folder).rglob("*.[to]tf"))
    return Finding(
        "fonts (for the generator)", count > 0, f"{count} files", "Debian: apt-get install fonts-dejavu-core"
    )


def _disk(home: Path) -> Finding:
    existing = next(path for path in (home, *home.absolute().parents) if path.exists())
    free = shutil.disk_usage(existing).free
    return Finding("disk", free >= _MIN_FREE_BYTES, f"{free / 1e9:.1f} GB free", "Free 2 GB, or set PIGEONHOLE_HOME.")


def _storage(url: str) -> Finding:
    from pigeonhole.storage import open_storage

    key = "doctor/probe"
    try:
        storage = open_storage(url)
        storage.put(key, b"probe")
        storage.delete(key)
    except PigeonholeError as error:
        return Finding("storage", False, error.message, error.hint)
    except ModuleNotFoundError as error:
        return _without("storage", error)
    return Finding("storage", True, "readable and writable")


def _registry(settings: PlatformSettings) -> Finding:
    try:
        from pigeonhole.registry import CHAMPION, ModelRegistry

        champion = ModelRegistry(settings.tracking_uri, settings.model_name).get(f"@{CHAMPION}")
    except PigeonholeError as error:
        return Finding("model registry", False, error.message, error.hint)
    except ModuleNotFoundError as error:
        return _without("model registry", error)
    found = f"version {champion.version} serves" if champion else "no model yet: pigeonhole train DIR"
    return Finding("model registry", True, found)


def _port(name: str, port: int) -> Finding:
    free = is_free(port)
    return Finding(f"port {port} ({name})", True, "free" if free else "in use: `pigeonhole serve` takes the next one")
