"""Training in Python, the same as `forewarn train`. Needs the system's XGBoost library (libxgboost)."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from . import _native
from ._native import Dataset, Model, Plant

try:
    from . import _training
except ImportError as failure:  # a machine that only scores
    raise ImportError(f"training needs the XGBoost library (Debian: libxgboost-dev): {failure}") from failure

__all__ = ["TrainedRun", "train"]


@dataclasses.dataclass(frozen=True)
class TrainedRun:
    """One run: its model, unless it could not be fitted, and how it was judged."""

    name: str
    registered: list[str]
    model: Model | None
    not_fitted: str
    metrics: dict[str, float]
    skill: dict
    walk_forward: list[dict]
    walk_forward_scores: np.ndarray
    seconds: float


def train(plant: Plant, dataset: Dataset, *, only: Sequence[str] = (), seed: int = 42, threads: int = 0,
          verdicts: bool = True, resamples: int = 2000) -> list[TrainedRun]:
    """The plant file's runs, or those in `only`, trained and judged; in the order of the plant file's table."""
    runs = _training.train(plant, dataset, list(only), seed, threads, verdicts, resamples)
    return [TrainedRun(r.name, r.registered, _model(r, plant), r.not_fitted, r.metrics, r.skill, r.walk_forward,
                       r.walk_forward_scores, r.seconds) for r in runs]


def _model(run, plant: Plant) -> Model | None:
    if run.files is None:
        return None
    return _native.model_from_files(run.files, run.registered[0], 1, plant)
