"""Between kserve's payload types and ours."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from kserve import InferRequest

from pigeonhole_serving.protocol.tensors import Tensor


def tensors_of(request: InferRequest) -> list[Tensor]:
    """Return the tensors of a V2 request in JSON."""
    return [Tensor(item.name, item.datatype, tuple(item.shape), item.data or []) for item in request.inputs]


def json_of(payload: Any) -> Any:
    """Return a V1 body as JSON values, None when it is no JSON.

    kserve parses a body of content type `application/json` and passes on the bytes of most others, even of
    `application/json; charset=utf-8`.
    """
    if not isinstance(payload, bytes):
        return payload
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        return None


def infer_answer(
    model_name: str,
    headers: Mapping[str, str] | None,
    tensors: Sequence[Tensor],
    parameters: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Return a V2 answer as JSON values, with the request's id."""
    answer = {"model_name": model_name, "id": (headers or {}).get("x-request-id") or "none"}
    outputs = [tensor.to_json() for tensor in tensors]
    return {**answer, **({"parameters": parameters} if parameters else {}), "outputs": outputs}
