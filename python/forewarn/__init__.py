"""Forewarn for Python: features, labels, models and explanations, the same code as the command line.

    plant = forewarn.Plant.load("gas-treatment")
    table = forewarn.Frame.read_csv("labelled.csv", plant=plant)
    model = forewarn.Model.load("plant_alarm_champion@champion", registry="local:registry")
    scores = model.predict(table).to_pandas()

Everything is immutable and may be used from any number of threads; long calls release the GIL.
"""

from . import errors, events, metrics
from ._native import (
    Block,
    Calibration,
    Dataset,
    FeatureStream,
    Frame,
    Labelled,
    Model,
    Plant,
    Registry,
    Rows,
    Scores,
    Trees,
    Windows,
    __version__,
    alarm_quantiles,
    build_block,
    build_dataset,
    derive,
    features,
    fill,
    halo,
    ingest,
    label,
    model_from_trees,
    normalise,
    over_sample,
    read_rows,
    run_specs,
    simulate,
    windows,
)
from .errors import Error

__all__ = [
    "Block", "Calibration", "Dataset", "Error", "FeatureStream", "Frame", "Labelled", "Model", "Plant", "Registry",
    "Rows", "Scores", "Trees", "Windows", "__version__", "alarm_quantiles", "build_block", "build_dataset", "derive",
    "errors", "events", "features", "fill", "halo", "ingest", "label", "metrics", "model_from_trees", "normalise",
    "over_sample", "read_rows", "run_specs", "simulate", "windows",
]
