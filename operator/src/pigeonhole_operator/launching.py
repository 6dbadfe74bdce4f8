"""From the environment to a running operator, and from how it ended to an exit code."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from pydantic import ValidationError

from pigeonhole.errors import PigeonholeError
from pigeonhole.processes import tell_failure
from pigeonhole.settings import describe_invalid_settings
from pigeonhole.telemetry import configure_logging, get_logger
from pigeonhole_operator.brain import Brain, Sources
from pigeonhole_operator.operator import Stopped, operate
from pigeonhole_operator.settings import OperatorSettings

_log = get_logger(__name__)
_FAILED = 1
_WRONG_SETTINGS = 2

Connect = Callable[[], AbstractAsyncContextManager[Sources]]
"""Opens the sources, inside the event loop, and closes them."""


Think = Callable[[], Brain]
"""Makes up the mind, which may have settings of its own."""


def launch(think: Think, connect: Connect) -> int:
    """Operate until SIGTERM, and return the exit code: 0 after a signal; else one sentence says what is wrong."""
    try:
        settings = OperatorSettings()
        configure_logging("operator", settings.log_level)
        asyncio.run(_operate(think(), connect, settings))
    except ValidationError as error:
        return tell_failure(describe_invalid_settings(error) or "The settings are wrong.", _WRONG_SETTINGS)
    except Stopped as error:
        cause = error.__cause__
        _log.error("part_ended", part=error.part, cause=type(cause).__name__ if cause else None)
        return tell_failure(error.message, _FAILED)
    except PigeonholeError as error:
        return tell_failure(error.message, _FAILED)
    return 0


async def _operate(brain: Brain, connect: Connect, settings: OperatorSettings) -> None:
    async with connect() as sources:
        await operate(brain, sources, settings)
