"""Trees grown elsewhere become models of the same kind as `forewarn train` makes."""

import json
import pickle

import numpy as np
import pytest

import forewarn


def booster(features: int, leaf: float = 0.5, split: int = 1) -> bytes:
    tree = {"left_children": [1, -1, -1], "right_children": [2, -1, -1], "split_indices": [split, 0, 0],
            "split_conditions": [200.0, -leaf, leaf], "default_left": [1, 0, 0], "sum_hessian": [10.0, 6.0, 4.0],
            "loss_changes": [3.0, 0, 0]}
    return json.dumps({"learner": {
        "objective": {"name": "binary:logistic"},
        "learner_model_param": {"base_score": "5E-1", "num_class": "0", "num_feature": str(features)},
        "gradient_booster": {"name": "gbtree", "model": {"trees": [tree, tree]}}}}).encode()


def test_margins_and_pickles():
    trees = forewarn.Trees.from_xgboost(booster(28))
    assert len(trees) == 2 and trees.features == 28
    rows = np.zeros((3, 28))
    rows[1, 1], rows[2, 1] = 300, np.nan
    np.testing.assert_array_equal(trees.margin(rows), [-1, 1, -1])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(trees)).margin(rows), [-1, 1, -1])
    with pytest.raises(ValueError, match="neither JSON nor UBJ"):
        forewarn.Trees.from_xgboost(b"no model")


def test_a_model_of_trees_is_read_by_the_command_line(cli, plant, tmp_path):
    specs = {s["name"]: s for s in forewarn.run_specs(plant)}
    assert specs["xgboost_calibrated"]["boosted"] and specs["forecaster_6h"]["horizon"] == "6h"
    trees = forewarn.Trees.from_xgboost(booster(28))
    labels, margins = [0, 0, 1, 1, 0, 1], [-1.0, -1.0, 1.0, 1.0, 1.0, -1.0]
    calibration = forewarn.Calibration.fit("sigmoid", labels, margins)
    model = forewarn.model_from_trees(plant, "xgboost_calibrated", [(trees, calibration)] * 2, medians=[1.0] * 28,
                                      threshold=0.4, metrics={"f1_anomaly": 0.5}, notes=["grown elsewhere"])
    row = np.zeros((1, 28))
    row[0, 1] = 300
    assert model.score(row)[0] == calibration([1.0])[0]
    registry = forewarn.Registry(f"local:{tmp_path / 'registry'}")
    registry.register("plant_alarm_champion", model, registry.log_run("xgboost_calibrated"))
    features = dict(zip(model.features, map(float, row[0])))
    said = json.loads(cli.run("--registry", registry.uri, "predict", stdin=json.dumps(features)).stdout)
    assert said["risk_score"] == model.score(row)[0] and said["threshold"] == 0.4
    explained = json.loads(cli.run("--registry", registry.uri, "explain", stdin=json.dumps(features)).stdout)
    assert explained["method"] == "shap_tree" and explained["output_value"] == pytest.approx(1.0)
    assert explained["local_importance"][0]["feature"] == model.features[1]


def test_models_that_do_not_fit_the_plant_are_told(plant):
    trees = forewarn.Trees.from_xgboost(booster(5))
    calibration = forewarn.Calibration.fit("sigmoid", [0, 1], [-1.0, 1.0])
    with pytest.raises(ValueError):
        forewarn.model_from_trees(plant, "xgboost_calibrated", [(trees, calibration)], medians=[0.0] * 28)
    with pytest.raises(KeyError, match="forecaster_6h"):
        forewarn.model_from_trees(plant, "forecaster_7h", [(trees, calibration)], medians=[0.0] * 28)
