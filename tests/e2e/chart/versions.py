"""A release that goes to the chart before, forward again, and back by helm's own history."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from pigeonhole_api.client import PlatformClient

from .documents import classes_of, digital_documents
from .release import PREVIOUS, Release


def keep_what_was_sorted(
    release: Release, values: Mapping[str, Any], reach: Callable[[], AbstractContextManager[PlatformClient]]
) -> None:
    """Sort with each version of the chart; what an earlier one has sorted, and the model in use, have to stay.

    Args:
        release: A release of the chart as it is now.
        values: What both charts get.
        reach: Opens a client of the release, whose pods are others after each step.
    """
    flags = ("--wait", "--wait-for-jobs")
    current = release.revision()
    release.upgrade(values, *flags, chart=PREVIOUS)
    before = release.revision()
    with reach() as client:
        job = client.wait(client.submit_job("before", digital_documents(2, seed=80)).id, timeout=240)
        classes, model = classes_of(client, job.id), client.production()
        assert None not in classes.values()
    for step in (("upgrade", 0), ("rollback", before), ("rollback", current)):
        if step[0] == "upgrade":
            release.upgrade(values, *flags)
        else:
            release.helm("rollback", release.name, str(step[1]), *flags)
        with reach() as client:
            assert classes_of(client, job.id) == classes, step
            assert client.production() == model, step
            after = client.wait(client.submit_job(f"after-{release.revision()}", digital_documents(1, seed=81)).id, 240)
            assert after.state == "succeeded", step
