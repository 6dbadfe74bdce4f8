"""Whether the operator's account may do what it needs, and nothing beyond: `python -m pigeonhole_operator.rights`.

The API server is asked about the account that asks, which everybody may do.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import httpx2
from lightkube import Client
from lightkube.core.exceptions import ApiError, ConfigError
from lightkube.models.authorization_v1 import ResourceAttributes, SelfSubjectAccessReviewSpec
from lightkube.resources.authorization_v1 import SelfSubjectAccessReview
from pydantic import ValidationError

from pigeonhole.processes import tell_failure
from pigeonhole.settings import describe_invalid_settings
from pigeonhole_operator.account_rights import Right, forbidden, needed_to_follow, needed_to_operate
from pigeonhole_operator.following.settings import FollowerSettings
from pigeonhole_operator.settings import OperatorSettings

_CONNECT_SECONDS, _ANSWER_SECONDS = 5.0, 20.0
Ask = Callable[[Right], bool]


@dataclass(frozen=True)
class Verdict:
    """Whether the account has a right, and whether it should."""

    right: Right
    has: bool
    should: bool

    @property
    def line(self) -> str:
        """Return what is said of it."""
        if self.has == self.should:
            return f"ok    {'may' if self.has else 'may not'} {self.right}"
        return f"ADD   may not {self.right}" if self.should else f"TAKE  may {self.right}"


def judge(needed: Sequence[Right], ask: Ask) -> Iterator[Verdict]:
    """Yield a verdict on each right that is needed, and on each that nobody but a person should have."""
    for right in needed:
        yield Verdict(right, ask(right), should=True)
    for right in forbidden(needed):
        yield Verdict(right, ask(right), should=False)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line for each right and return the exit code: 0 when all are as they should be, 1, or 2 for settings."""
    parser = argparse.ArgumentParser(prog="pigeonhole_operator.rights", description="Check the operator's rights.")
    parser.add_argument("--follower", action="store_true", help="the rights of pigeonhole_operator.following")
    parser.add_argument("--target", default="documents", help="the InferenceService that documents go to")
    options = parser.parse_args(arguments)
    try:
        settings = OperatorSettings()
        needed = (
            needed_to_follow(FollowerSettings().deployment, _namespace(settings))
            if options.follower
            else needed_to_operate(settings, options.target)
        )
        client = Client(timeout=httpx2.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS))
        return _report(list(judge(needed, _asking(client))))
    except ValidationError as error:
        return tell_failure(describe_invalid_settings(error) or "The settings are wrong.", 2)
    except ConfigError as error:
        return tell_failure(f"The cluster is not known: {error}", 2)
    except ApiError as error:
        return tell_failure(f"The API server refuses the question: {error.status.message}", 1)
    except httpx2.HTTPError as error:
        return tell_failure(f"The API server cannot be reached: {type(error).__name__}.", 1)


def _namespace(settings: OperatorSettings) -> str:
    return settings.namespace or settings.lease_namespace


def _asking(client: Client) -> Ask:
    def ask(right: Right) -> bool:
        about = ResourceAttributes(
            namespace=right.namespace,
            verb=right.verb,
            group=right.group,
            resource=right.resource,
            subresource=right.subresource,
            name=right.name,
        )
        review = SelfSubjectAccessReview(spec=SelfSubjectAccessReviewSpec(resourceAttributes=about))
        status = client.create(review).status
        return status is not None and status.allowed

    return ask


def _report(verdicts: Sequence[Verdict]) -> int:
    faults = [verdict for verdict in verdicts if verdict.has != verdict.should]
    for verdict in verdicts:
        sys.stdout.write(f"{verdict.line}\n")
    if not faults:
        sys.stdout.write(f"{len(verdicts)} rights are as they should be.\n")
        return 0
    for verb, should in (("Add to", True), ("Take from", False)):
        named = "; ".join(str(fault.right) for fault in faults if fault.should is should)
        if named:
            sys.stdout.write(f"{verb} the Role of this account: {named}.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
