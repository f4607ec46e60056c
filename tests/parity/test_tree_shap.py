"""SHAP values of the stored trees equal the shap package's exact path-dependent TreeExplainer.

The trees are read from model.onnx itself, covers from nodes_hitrates, so the test also holds the file to what the native
explanations used.
"""

import numpy as np
import onnx
import pytest
import shap
from test_onnx import exported  # noqa: F401  (the models test_model wrote)

ROWS = 40


def attributes(node):
    return {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}


def trees_of(node, weight):
    """shap's dictionaries of one TreeEnsembleRegressor; its splits go left on x <= t."""
    a = attributes(node)
    ids = np.array(a["nodes_treeids"])
    scale = weight / (ids.max() + 1) if a["aggregate_function"] == b"AVERAGE" else weight
    leaves = dict(zip(zip(a["target_treeids"], a["target_nodeids"]), a["target_weights"]))
    trees = []
    for tree in range(ids.max() + 1):
        at = ids == tree
        leaf = np.array([mode == b"LEAF" for mode in a["nodes_modes"]])[at]
        left = np.where(leaf, -1, np.array(a["nodes_truenodeids"])[at])
        right = np.where(leaf, -1, np.array(a["nodes_falsenodeids"])[at])
        missing_left = np.array(a["nodes_missing_value_tracks_true"])[at] == 1
        threshold = np.array(a["nodes_values"], dtype=np.float32)[at]
        values = np.array([leaves.get((tree, i), 0.0) for i in range(at.sum())])
        trees.append({
            "children_left": left, "children_right": right, "children_default": np.where(missing_left, left, right),
            "features": np.array(a["nodes_featureids"])[at],
            "thresholds": np.nextafter(threshold, np.float32(-np.inf)).astype(np.float64),
            "values": values.reshape(-1, 1) * scale, "node_sample_weight": np.array(a["nodes_hitrates"])[at],
        })
    return trees, weight * a["base_values"][0]


@pytest.mark.parametrize("kind", ["gradient_boosting", "xgboost_calibrated", "xgboost_leafwise_calibrated",
                                  "rf_soft_alarm"])
def test_values_equal_the_shap_package(exported, kind):  # noqa: F811
    folders = sorted(exported.glob(f"{kind}_[0-9]"))
    assert len(folders) == 5
    for folder in folders[:2]:   # few and many features
        model = onnx.load(folder / "model.onnx")
        features = model.graph.input[0].type.tensor_type.shape.dim[1].dim_value
        rows = np.fromfile(folder / "inputs.f64").reshape(-1, features)[:ROWS].astype(np.float32).astype(np.float64)
        native = np.fromfile(folder / "shap.f64")
        folds = [n for n in model.graph.node if n.op_type == "TreeEnsembleRegressor"]
        trees, base = [], 0.0
        for node in folds:
            more, offset = trees_of(node, 1 / len(folds))
            trees += more
            base += offset
        explainer = shap.TreeExplainer({"trees": trees}, feature_perturbation="tree_path_dependent")
        values = explainer.shap_values(rows, check_additivity=False)
        np.testing.assert_allclose(native[:-1].reshape(ROWS, features), values.reshape(ROWS, features), atol=1e-6)
        assert native[-1] == pytest.approx(float(np.ravel(explainer.expected_value)[0]) + base, abs=1e-6)
