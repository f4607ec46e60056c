"""Metrics of point predictions, equal to scikit-learn's. Labels are 0 and 1, scores higher for 1."""

from ._native import (
    accuracy,
    average_precision,
    best_f1_cut,
    best_f1_on_grid,
    brier_score,
    calibration_error,
    confusion,
    log_loss,
    macro_f1,
    mean_absolute_error,
    r2,
    ranking_curve,
    reliability,
    roc_auc,
)

__all__ = [
    "accuracy", "average_precision", "best_f1_cut", "best_f1_on_grid", "brier_score", "calibration_error", "confusion",
    "log_loss", "macro_f1", "mean_absolute_error", "r2", "ranking_curve", "reliability", "roc_auc",
]
