"""Parts that an installation may be without, and how a verb says that it needs one."""

from importlib.util import find_spec

from pigeonhole.errors import PigeonholeError

_EVERYTHING = "pigeonhole-frontends[laptop]"


class NotInstalled(PigeonholeError):
    """A verb needs a library that this installation is without."""

    def __init__(self, module: str) -> None:
        super().__init__(f"This needs '{module}', which is not here: install {_EVERYTHING}.", code="not-installed")


def need(*modules: str) -> None:
    """Make sure that what a verb starts as processes can be found, without loading it.

    Raises:
        NotInstalled: One of the modules is not there.
    """
    for module in modules:
        if find_spec(module) is None:
            raise NotInstalled(module)


def missing_part(error: ModuleNotFoundError) -> NotInstalled | None:
    """Return what to say of a failed import, or None when the library is there and the fault is within it."""
    module = (error.name or "").partition(".")[0]
    return NotInstalled(module) if module and find_spec(module) is None else None
