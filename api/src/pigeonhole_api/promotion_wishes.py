"""Where an operator decides what serves: a person's choice becomes a wish in a ModelDeployment on the cluster."""

from pigeonhole.model_deployments import ModelDeployments
from pigeonhole_api.auth.callers import Caller

_LONGEST_REASON = 256
"""Of `spec.pin.reason` and `spec.request.reason`; the audit trail keeps the whole."""


class PromotionWishes:
    """Asks the operator of one ModelDeployment; nothing is looked for, and no client loaded, before someone asks."""

    def __init__(self, deployment: str) -> None:
        namespace, _, name = deployment.rpartition("/")
        self._deployment = ModelDeployments(name, namespace or None)

    def ask(self, version: str, caller: Caller, reason: str) -> None:
        """Have a version serve: one that served before at once, by a pin; any other once it has passed its checks.

        A pin that is there makes way, as whoever asks wants this version now.

        Raises:
            DeploymentError: The cluster does not answer, or does not let the ModelDeployment be changed.
        """
        why = f"{caller.name}: {reason}"[:_LONGEST_REASON]
        if version in self._deployment.state().served_before:
            self._deployment.pin(version, why)
        else:
            self._deployment.request(version, why, unpin=True)
