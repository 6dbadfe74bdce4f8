"""What a training is asked to do."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pigeonhole.settings import PlatformSettings
from pigeonhole_components.params import PipelineParams, load_params
from pigeonhole_components.sections import DatasetParams, RegisterParams, parse_section


@dataclass(frozen=True)
class TrainingRequest:
    """One training: its parameters, where documents lie, where the model goes.

    `storage_url` and `tracking_uri` are as the steps see them, which run in pods on a cluster.
    """

    params: PipelineParams
    storage_url: str
    tracking_uri: str
    model_name: str

    def pipeline_arguments(self) -> dict[str, Any]:
        """Return the arguments of the training pipeline: one for each section of params.yaml, and the places."""
        return {
            **self.params.model_dump(mode="json", by_alias=True),
            "storage_url": self.storage_url,
            "tracking_uri": self.tracking_uri,
            "model_name": self.model_name,
        }


def training_request(
    settings: PlatformSettings, params_file: Path | None, *, dataset_id: str = "", promote: bool = False
) -> TrainingRequest:
    """Return the request for a training in an installation.

    Args:
        settings: The installation.
        params_file: The parameters; None means their defaults.
        dataset_id: The dataset version, instead of the one that the parameters name.
        promote: Let the model serve when every gate is passed, whatever the parameters say.

    Raises:
        ParamsError: The file cannot be read, or a parameter is unknown or out of range.
    """
    params = load_params(params_file)
    if dataset_id:
        params = params.model_copy(update={"dataset": parse_section(DatasetParams, {"id": dataset_id}, "dataset")})
    if promote:
        params = params.model_copy(update={"register_": RegisterParams(promote=True)})
    return TrainingRequest(params, settings.storage, settings.tracking_uri, settings.model_name)
