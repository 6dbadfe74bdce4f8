"""What a training can be told."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, model_validator


class TrainingParams(BaseModel):
    """Parameters of the classifier; the section `train` of params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ngram_min: int = Field(2, ge=1, le=8, description="Characters of the shortest n-gram.")
    ngram_max: int = Field(5, ge=1, le=8, description="Characters of the longest n-gram.")
    max_features: int = Field(10_000, ge=100, description="N-grams kept, the most frequent first.")
    regularisation: tuple[PositiveFloat, ...] = Field(
        (1.0, 10.0),
        min_length=1,
        description="Inverse strengths of the penalty (scikit-learn's C) to try; the most honest one is kept.",
    )
    class_weight: Literal["none", "balanced"] = Field(
        "none", description="'balanced' lifts rare classes and makes the probabilities less honest."
    )
    folds: int = Field(5, ge=2, le=20, description="Folds of the cross-validation, fewer when a class is small.")
    target_precision: float = Field(
        0.97, gt=0, lt=1, description="Precision that a class's confident answers must reach in cross-validation."
    )
    min_threshold: float = Field(
        0.5,
        ge=0,
        lt=1,
        description="No threshold lies below this; under one half, an answer is more likely wrong than right.",
    )
    max_progressive_loss: float = Field(
        0.015,
        ge=0,
        lt=1,
        description="What stopping at a first look may cost against reading everything: of macro-F1, and as a share of "
        "documents that go wrong by it. With 0, documents are always read whole.",
    )
    max_review_increase: float = Field(
        0.05,
        ge=0,
        lt=1,
        description="Share of documents that stopping at a first look may leave to people in addition.",
    )
    min_stop_share: float = Field(
        0.5,
        ge=0,
        le=1,
        description="Share of the documents with a shorter view for which it must be enough; with fewer, all first "
        "looks together cost more than they save.",
    )
    seed: int = Field(0, ge=0, description="Seed of the folds.")

    @model_validator(mode="after")
    def _check_ngrams(self) -> "TrainingParams":
        if self.ngram_min > self.ngram_max:
            raise ValueError(f"ngram_min ({self.ngram_min}) is greater than ngram_max ({self.ngram_max})")
        return self
