"""The predictor's protocol, both ends: plain texts in, probabilities and the model's identity out."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from pigeonhole.artefact import ModelIdentity
from pigeonhole.classifier import WordWeight, decide
from pigeonhole.scored_texts import ScoredTexts
from pigeonhole_serving.errors import malformed_field
from pigeonhole_serving.protocol.tensors import Tensor, bytes_tensor, checked_strings, single_bytes_tensor

MAX_EXPLAIN = 50
MODEL_NAME = "documents"
"""The model name that every predictor answers to, beside the one that it is given."""


class AnswerInvalid(ValueError):
    """A predictor's answer that does not follow the protocol."""


@dataclass(frozen=True)
class ScoreRequest:
    """Plain texts to score, and how many words to name as reasons for each (0: none)."""

    texts: tuple[str, ...]
    explain: int


def score_request_json(texts: Sequence[str], explain: int) -> dict[str, Any]:
    """Return the V2 request for plain texts."""
    return {"inputs": [bytes_tensor("text", texts).to_json()], "parameters": {"explain": explain}}


def parse_v2_texts(tensors: Sequence[Tensor], parameters: dict[str, Any] | None, max_texts: int) -> ScoreRequest:
    """Return the texts of a BYTES tensor `text` of shape [n], with the request parameter `explain`.

    Raises:
        ServingError: 400, naming the field that is wrong.
    """
    texts = single_bytes_tensor(tensors, "text")
    _check_count("inputs[0].data", len(texts), max_texts)
    explain = (parameters or {}).get("explain", 0)
    # JSON has one kind of number: 3.0 is as whole as 3.
    if isinstance(explain, bool) or not isinstance(explain, int | float) or explain not in range(MAX_EXPLAIN + 1):
        raise malformed_field("parameters.explain", f"Expected a whole number from 0 to {MAX_EXPLAIN}.")
    return ScoreRequest(texts, int(explain))


def parse_v1_texts(payload: Any, max_texts: int) -> ScoreRequest:
    """Return the texts of `{"instances": ["plain text", ...]}`.

    Raises:
        ServingError: 400, naming the field that is wrong.
    """
    if not isinstance(payload, dict):
        raise malformed_field("body", "Expected a JSON object with the key instances.")
    texts = payload.get("instances")
    if not isinstance(texts, list):
        raise malformed_field("instances", "Expected a list of strings.")
    _check_count("instances", len(texts), max_texts)
    return ScoreRequest(checked_strings("instances", texts), 0)


def score_tensors(scored: ScoredTexts) -> list[Tensor]:
    """Return the V2 outputs; a NaN goes as null, which JSON has and NaN it has not.

    A model that needs whole documents has no output `stop_confidence`.
    """
    flat = [None if math.isnan(value) else value for row in scored.probabilities for value in row]
    tensors = [
        bytes_tensor("classes", scored.classes),
        Tensor("thresholds", "FP64", (len(scored.thresholds),), scored.thresholds),
        Tensor("probabilities", "FP64", (len(scored.probabilities), len(scored.classes)), flat),
    ]
    if scored.stop_confidence is not None:
        tensors.append(Tensor("stop_confidence", "FP64", (1,), (scored.stop_confidence,)))
    if scored.reasons:
        tensors.append(bytes_tensor("reasons", [_reasons_json(words) for words in scored.reasons]))
    return tensors


def v1_scores(scored: ScoredTexts) -> dict[str, Any]:
    """Return the V1 answer: one decided prediction a text."""
    return {"predictions": [_v1_prediction(scored, row) for row in scored.probabilities]}


def parse_score_answer(content: bytes) -> ScoredTexts:
    """Return the numbers of a V2 answer.

    Raises:
        AnswerInvalid: The answer is not of the protocol.
    """
    try:
        return _Answer.model_validate_json(content).scored()
    except (ValidationError, ValueError, KeyError, TypeError) as error:
        raise AnswerInvalid("the predictor's answer does not follow the protocol") from error


class _Output(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    shape: tuple[int, ...]
    data: list[str | float | None]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    parameters: dict[str, str]
    outputs: list[_Output]

    @model_validator(mode="after")
    def _check_shapes(self) -> "_Answer":
        if any(math.prod(output.shape) != len(output.data) for output in self.outputs):
            raise ValueError("an output's shape does not fit its data")
        return self

    def scored(self) -> ScoredTexts:
        outputs = {output.name: output for output in self.outputs}
        rows, columns = outputs["probabilities"].shape
        flat = [math.nan if value is None else float(value) for value in outputs["probabilities"].data]
        scored = ScoredTexts(
            model=ModelIdentity(**{key: self.parameters[key] for key in ("name", "version", "run_id", "digest")}),
            classes=tuple(str(value) for value in outputs["classes"].data),
            thresholds=tuple(float(value or 0.0) for value in outputs["thresholds"].data),
            probabilities=tuple(tuple(flat[row * columns : (row + 1) * columns]) for row in range(rows)),
            stop_confidence=_parse_stop_confidence(outputs["stop_confidence"])
            if "stop_confidence" in outputs
            else None,
            reasons=tuple(_parse_reasons(str(text)) for text in outputs["reasons"].data)
            if "reasons" in outputs
            else (),
        )
        if not len(scored.classes) == len(scored.thresholds) == columns:
            raise ValueError("classes, thresholds and probabilities differ in number")
        return scored


def _v1_prediction(scored: ScoredTexts, row: Sequence[float]) -> dict[str, Any]:
    score = decide(scored.classes, scored.thresholds, row)
    return {
        "class": score.class_name,
        "confidence": score.confidence,
        "probabilities": [{"class": name, "p": p} for name, p in score.probabilities],
        "abstained": score.abstained,
        "threshold": score.threshold,
        "stop_confidence": scored.stop_confidence,
        "model": asdict(scored.model),
    }


def _parse_stop_confidence(output: _Output) -> float:
    (value,) = output.data
    confidence = math.nan if value is None else float(value)
    if not 0 <= confidence <= 1:
        raise ValueError("stop_confidence is not a probability")
    return confidence


def _reasons_json(words: Sequence[WordWeight]) -> str:
    return json.dumps([asdict(word) for word in words], ensure_ascii=False)


def _parse_reasons(text: str) -> tuple[WordWeight, ...]:
    return tuple(WordWeight(str(item["word"]), float(item["weight"])) for item in json.loads(text))


def _check_count(field: str, count: int, most: int) -> None:
    if not 1 <= count <= most:
        raise malformed_field(field, f"Expected 1 to {most} texts.")
