"""What the operator has to call each fault of what it asks, and limits that let a case see it soon."""

import pytest

from .fault_proxy import Fault

REGISTRY = {
    Fault.REFUSED: "RegistryUnreachable",
    Fault.RESET: "RegistryUnreachable",
    Fault.SLOW: "RegistryUnreachable",
    Fault.ERROR: "RegistryUnreachable",
    Fault.GARBAGE: "RegistryGarbled",
    Fault.TRUNCATED: "RegistryUnreachable",
}
METRICS = {fault: reason.replace("Registry", "Metrics") for fault, reason in REGISTRY.items()}
# An answer that takes longer is none.
IMPATIENT = {"PIGEONHOLE_OPERATOR_TIMEOUT_SECONDS": "2"}

of_the_registry = pytest.mark.parametrize(("fault", "reason"), REGISTRY.items(), ids=list(REGISTRY))
of_the_metrics = pytest.mark.parametrize(("fault", "reason"), METRICS.items(), ids=list(METRICS))
