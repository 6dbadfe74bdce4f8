"""How a process says that it cannot start."""

import sys
from typing import NoReturn

_EXIT_CODE = 2


def fail_to_start(sentence: str) -> NoReturn:
    """Write one sentence to standard error and end with exit code 2."""
    sys.stderr.write(sentence.strip() + "\n")
    sys.exit(_EXIT_CODE)
