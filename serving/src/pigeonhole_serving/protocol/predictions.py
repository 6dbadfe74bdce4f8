"""Answers of the transformer."""

import json
from collections.abc import Sequence
from typing import Any

from pigeonhole.prediction import Prediction
from pigeonhole_serving.protocol.tensors import Tensor, bytes_tensor


def v1_predictions(predictions: Sequence[Prediction]) -> dict[str, Any]:
    """Return the V1 answer."""
    return {"predictions": [prediction.to_json() for prediction in predictions]}


def prediction_tensor(predictions: Sequence[Prediction]) -> Tensor:
    """Return the V2 output: each answer as a JSON string."""
    return bytes_tensor("prediction", [json.dumps(answer.to_json(), ensure_ascii=False) for answer in predictions])
