"""The follower's process: `python -m pigeonhole_operator.following`."""

import asyncio
import sys

from lightkube.core.exceptions import ConfigError
from pydantic import ValidationError

from pigeonhole.errors import PigeonholeError
from pigeonhole.processes import tell_failure
from pigeonhole.settings import PlatformSettings, describe_invalid_settings
from pigeonhole.telemetry import configure_logging
from pigeonhole_operator.clocks import steady
from pigeonhole_operator.cluster.kube import connect
from pigeonhole_operator.following.follower import Follower, serve
from pigeonhole_operator.following.rollout import Target
from pigeonhole_operator.following.settings import FollowerSettings
from pigeonhole_operator.settings import OperatorSettings
from pigeonhole_operator.sources.exchange import open_session
from pigeonhole_operator.sources.mlflow import MlflowRegistry
from pigeonhole_operator.sources.settings import SourceSettings


def main() -> int:
    """Follow until SIGTERM, and return the exit code: 0 after a signal; else one sentence says what is wrong."""
    try:
        settings = OperatorSettings()
        configure_logging("follower", settings.log_level)
        asyncio.run(_follow(settings, FollowerSettings(), SourceSettings(), PlatformSettings()))
    except ValidationError as error:
        return tell_failure(describe_invalid_settings(error) or "The settings are wrong.", 2)
    except ConfigError as error:
        return tell_failure(f"The cluster is not known: {error}", 1)
    except OSError as error:
        return tell_failure(f"The port cannot be listened on: {error.strerror}.", 1)
    except PigeonholeError as error:
        return tell_failure(error.message, 1)
    return 0


async def _follow(
    settings: OperatorSettings, following: FollowerSettings, sources: SourceSettings, platform: PlatformSettings
) -> None:
    if settings.namespace is None:
        raise PigeonholeError("PIGEONHOLE_OPERATOR_NAMESPACE: it must name the Deployment's.", code="no-namespace")
    target = Target(settings.namespace, following.deployment, following.container)
    cluster = connect()
    async with open_session() as session:
        registry = MlflowRegistry(session, sources)
        try:
            follower = Follower(cluster, registry, platform.model_name, target, following, steady)
            await serve(follower, settings)
        finally:
            await cluster.close()


if __name__ == "__main__":
    sys.exit(main())
