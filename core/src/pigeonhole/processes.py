"""Child processes that do not outlive those who started them, CPUs for them, and how a process says why it ends."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_M_ARENA_MAX = -8
_ARENAS = 2
# Loaded before any fork: a child between fork and exec must do as little as possible.
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def end_with_parent() -> None:
    """Ask the kernel, in a child before its program starts, to send it SIGTERM when its parent dies; Linux only.

    A `preexec_fn` for `subprocess.Popen`: without it, whoever is killed leaves its children behind at work.
    """
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def share_arenas() -> None:
    """Let threads share two of glibc's arenas; other libraries have none.

    By default each thread may take one of its own, up to eight a CPU, and what one has freed no other uses: a server of
    many threads holds far more than it needs (mallopt(3), M_ARENA_MAX). To be called before there are threads.
    """
    if _libc is not None and hasattr(_libc, "mallopt"):
        _libc.mallopt(_M_ARENA_MAX, _ARENAS)


def usable_cpus() -> int:
    """Return the number of CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1  # macOS binds no process to CPUs


def tell_failure(sentence: str, code: int) -> int:
    """Write one sentence to standard error, and return the exit code that goes with it."""
    sys.stderr.write(sentence.strip() + "\n")
    return code
