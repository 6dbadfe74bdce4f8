"""Trained models in MLflow: versions, aliases, reports and files."""

from pigeonhole.registry.records import (
    CANDIDATE,
    CHAMPION,
    PREVIOUS,
    ModelVersion,
    RegistryError,
    TrainingRecord,
)
from pigeonhole.registry.registry import ModelRegistry

__all__ = [
    "CANDIDATE",
    "CHAMPION",
    "PREVIOUS",
    "ModelRegistry",
    "ModelVersion",
    "RegistryError",
    "TrainingRecord",
]
