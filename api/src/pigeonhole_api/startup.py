"""How a process says that it cannot start."""

import sys
from typing import NoReturn

from pigeonhole.processes import tell_failure

_EXIT_CODE = 2


def fail_to_start(sentence: str) -> NoReturn:
    """Write one sentence to standard error and end with exit code 2."""
    sys.exit(tell_failure(sentence, _EXIT_CODE))
