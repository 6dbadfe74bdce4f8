"""How a process says that it cannot start."""

import sys
from typing import NoReturn

from pydantic import ValidationError

_EXIT_CODE = 2


def fail_to_start(sentence: str) -> NoReturn:
    """Write one sentence to standard error and end with exit code 2."""
    sys.stderr.write(sentence.strip() + "\n")
    sys.exit(_EXIT_CODE)


def describe_invalid_settings(error: ValidationError) -> str:
    """Return what is wrong with the first wrong setting; its value is not shown, it may be a secret."""
    first = error.errors()[0]
    names = "_".join(str(part) for part in first["loc"]).upper()
    prefix = "PIGEONHOLE_LIMIT" if error.title == "DocumentLimits" else "PIGEONHOLE"
    if error.title in {"ApiSettings", "WorkerSettings", "DatabaseSettings"}:
        prefix = "PIGEONHOLE_API"
    return f"{prefix}_{names}: {first['msg']}."
