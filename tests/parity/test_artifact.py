"""Every registered model, exported, scores in onnxruntime and mlflow.pyfunc as `forewarn predict` does, rows with
missing cells included; `explain` equals shap's exact values of the stored trees and adds up.

The models are those of the real labelled table: etl, train (all runs), export.
"""

import itertools
import json
import math

import mlflow.pyfunc
import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest

NAMES = [
    "champion:1", "champion:2", "champion:3", "champion:4", "rf_soft_alarm:1", "lr_soft_alarm:1", "isolation_forest:1",
    "regime_classifier:1", "deviation_predictor:1", "pca:1", "forecaster_1h:1", "forecaster_3h:1", "forecaster_6h:1",
]
TREES = ["champion:1", "champion:2", "champion:3", "champion:4", "forecaster_1h:1"]
OUTPUTS = {  # columns that hold the file's output, by kind
    "classifier": ["risk_score"], "isolation_forest": ["anomaly_score"], "deviation": ["deviation_next"],
    "regime": ["p_normal", "p_transition", "p_alarm"], "pca": ["t2", "spe"], "forecaster": ["probability"],
}


def ref(name):
    return f"plant_alarm_{name}"


@pytest.fixture(scope="module")
def trained(forewarn, gas_features):
    """The registry with one training of every run."""
    return forewarn.json("train", "--features", gas_features, "--no-verdicts")


@pytest.fixture(scope="module")
def exported(forewarn, trained, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported")
    for name in NAMES:
        forewarn.run("models", "export", ref(name), folder / name)
    return folder


def info(folder):
    return json.loads((folder / "forewarn.json").read_text())


def inputs(folder, gas_features):
    """Validation rows as the model sees them; in every third row one to three cells are missing."""
    meta = info(folder)
    part = f"windows_valid_{meta['horizon_name']}.parquet" if meta["kind"] == "forecaster" else "valid/part-0.parquet"
    table = pd.read_parquet(gas_features / part)[meta["features"]].astype(float)
    random = np.random.default_rng(3)
    cells = table.to_numpy(copy=True)
    for row in range(0, len(cells), 3):
        cells[row, random.choice(cells.shape[1], random.integers(1, 4), replace=False)] = np.nan
    return pd.DataFrame(cells, columns=table.columns)


def predicted(forewarn, name, table, tmp_path):
    source = tmp_path / "rows.csv"
    table.to_csv(source, index=False)
    done = forewarn.run("predict", source, "--model", ref(name))
    (tmp_path / "scored.csv").write_text(done.stdout)
    return pd.read_csv(tmp_path / "scored.csv", float_precision="round_trip")


def native(forewarn, exported, gas_features, name, tmp_path):
    table = inputs(exported / name, gas_features)
    scored = predicted(forewarn, name, table, tmp_path)
    assert list(scored.columns[: table.shape[1]]) == list(table.columns)
    return table, scored[OUTPUTS[info(exported / name)["kind"]]].to_numpy()


def assert_close(theirs, ours):
    np.testing.assert_array_equal(np.isnan(theirs), np.isnan(ours))
    np.testing.assert_allclose(theirs, ours, rtol=0, atol=1e-6 * max(1.0, np.nanmax(np.abs(ours))))


@pytest.mark.parametrize("name", NAMES)
def test_onnxruntime_scores_as_predict(forewarn, exported, gas_features, name, tmp_path):
    table, ours = native(forewarn, exported, gas_features, name, tmp_path)
    model = onnx.load(exported / name / "model.onnx")
    onnx.checker.check_model(model, full_check=True)
    assert model.ir_version == 8
    assert {(o.domain, o.version) for o in model.opset_import} <= {("", 17), ("ai.onnx.ml", 3)}
    session = onnxruntime.InferenceSession(str(exported / name / "model.onnx"), providers=["CPUExecutionProvider"])
    theirs = session.run(None, {session.get_inputs()[0].name: table.to_numpy()})[0]
    assert np.isfinite(ours).sum() > len(ours) // 2
    assert_close(theirs.reshape(ours.shape), ours)


@pytest.mark.parametrize("name", NAMES)
def test_pyfunc_scores_as_predict(forewarn, exported, gas_features, name, tmp_path):
    table, ours = native(forewarn, exported, gas_features, name, tmp_path)
    model = mlflow.pyfunc.load_model(str(exported / name))
    assert [column.name for column in model.metadata.get_input_schema().inputs] == list(table.columns)
    shuffled = table[sorted(table.columns)].assign(further="left out")
    theirs = model.predict(shuffled)
    assert_close(np.asarray(theirs, dtype=float).reshape(ours.shape), ours)


def test_artifacts_hold_nothing_about_time_or_place(forewarn, trained, exported, gas_features, tmp_path):
    """A second training of the same features gives the same bytes under a new version."""
    again = forewarn.json("train", "--features", gas_features, "--no-verdicts", "--threads", "1")
    for run in again["runs"]:
        for entry in run["registered"]:
            first = next(e for r in trained["runs"] for e in r["registered"]
                         if r["name"] == run["name"] and e["name"] == entry["name"])
            for each in (first, entry):
                forewarn.run("models", "export", f"{each['name']}:{each['version']}", tmp_path / str(each["version"]) / each["name"])
            one, two = (tmp_path / str(e["version"]) / e["name"] for e in (first, entry))
            assert first["version"] != entry["version"]
            for file in ("MLmodel", "model.onnx", "forewarn.json", "manifest.json"):
                assert (one / file).read_bytes() == (two / file).read_bytes(), f"{entry['name']}: {file}"


@pytest.mark.parametrize("horizon", [1, 3, 6])
def test_rolling_forecast_is_the_window_models_score(forewarn, exported, gas_data, gas_features, horizon, tmp_path):
    """`forecast --rolling` of the plant table gives what onnxruntime gives for the ETL's validation windows."""
    done = forewarn.run("forecast", "--horizon", horizon, "--rolling", gas_data / "labeled_dataset.csv",
                        "--model", ref(f"forecaster_{horizon}h:1"))
    (tmp_path / "rolling.csv").write_text(done.stdout)
    rolling = pd.read_csv(tmp_path / "rolling.csv", float_precision="round_trip")["probability"].to_numpy()
    assert np.isnan(rolling[:11]).all() and np.isfinite(rolling[11:]).all()
    folder = exported / f"forecaster_{horizon}h:1"
    windows = pd.read_parquet(gas_features / f"windows_valid_{horizon}h.parquet")[info(folder)["features"]]
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])
    theirs = session.run(None, {session.get_inputs()[0].name: windows.to_numpy(dtype=float)})[0].ravel()
    # The window of target row t ends h rows before it, so the last ones are the table's last but h.
    ours = rolling[len(rolling) - horizon - len(theirs): len(rolling) - horizon]
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)


# ---- explanations

def folds(path):
    """The stored trees of each fold, as arrays by node."""
    out = []
    for node in onnx.load(path).graph.node:
        if node.op_type != "TreeEnsembleRegressor":
            continue
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        trees = {}
        place = {}
        for i, (tree, number) in enumerate(zip(attributes["nodes_treeids"], attributes["nodes_nodeids"])):
            place[tree, number] = len(trees.setdefault(tree, []))
            trees[tree].append({
                "leaf": attributes["nodes_modes"][i] == b"LEAF", "feature": attributes["nodes_featureids"][i],
                "threshold": attributes["nodes_values"][i], "cover": attributes["nodes_hitrates"][i],
                "left": (tree, attributes["nodes_truenodeids"][i]), "right": (tree, attributes["nodes_falsenodeids"][i]),
                "missing_left": bool(attributes["nodes_missing_value_tracks_true"][i]), "value": 0.0,
            })
        for tree, number, weight in zip(attributes["target_treeids"], attributes["target_nodeids"],
                                        attributes["target_weights"]):
            trees[tree][place[tree, number]]["value"] = weight
        for nodes in trees.values():
            for each in nodes:
                if not each["leaf"]:
                    each["left"], each["right"] = place[each["left"]], place[each["right"]]
        average = attributes.get("aggregate_function", b"SUM") == b"AVERAGE"
        out.append((list(trees.values()), (attributes.get("base_values") or [0.0])[0], average))
    return out


def leaf_share(nodes, row, known, at=0):
    """The tree's expected value when only the features in `known` are seen: others by the training weight."""
    node = nodes[at]
    if node["leaf"]:
        return node["value"]
    if node["feature"] in known:
        x = row[node["feature"]]
        left = node["missing_left"] if math.isnan(x) else np.float32(x) < np.float32(node["threshold"])
        return leaf_share(nodes, row, known, node["left"] if left else node["right"])
    left, right = nodes[node["left"]]["cover"], nodes[node["right"]]["cover"]
    return (left * leaf_share(nodes, row, known, node["left"]) +
            right * leaf_share(nodes, row, known, node["right"])) / (left + right)


def brute_force(ensemble, row, features):
    """Shapley's own sum over all subsets, tree by tree: a tree's value depends on its own features alone."""
    trees, base, average = ensemble
    phi = np.zeros(features)
    expected = 0.0
    for nodes in trees:
        used = sorted({n["feature"] for n in nodes if not n["leaf"]})
        value = {s: leaf_share(nodes, row, set(s)) for k in range(len(used) + 1) for s in itertools.combinations(used, k)}
        expected += value[()]
        for f in used:
            rest = [u for u in used if u != f]
            for k in range(len(rest) + 1):
                weight = math.factorial(k) * math.factorial(len(rest) - k) / math.factorial(len(used))
                for s in itertools.combinations(rest, k):
                    phi[f] += weight * (value[tuple(sorted((*s, f)))] - value[s])
    scale = 1 / len(trees) if average else 1
    return phi * scale, base + expected * scale


def shap_library(ensemble, rows):
    import shap

    trees, base, average = ensemble
    scale = 1 / len(trees) if average else 1
    converted = []
    for nodes in trees:
        leaf = np.array([n["leaf"] for n in nodes])
        index = lambda key: np.array([-1 if n["leaf"] else n[key] for n in nodes], dtype=np.int32)
        left, right = index("left"), index("right")
        # shap goes left where x <= t on doubles; ours where float(x) < t.
        below = np.nextafter(np.array([n["threshold"] for n in nodes], dtype=np.float32), np.float32(-np.inf))
        converted.append({
            "children_left": left, "children_right": right,
            "children_default": np.where([n["missing_left"] for n in nodes], left, right).astype(np.int32),
            "features": np.where(leaf, 0, [n["feature"] for n in nodes]).astype(np.int32),
            "thresholds": below.astype(float),
            "values": np.array([[n["value"] * scale] for n in nodes]),
            "node_sample_weight": np.array([n["cover"] for n in nodes], dtype=float),
        })
    model = {"trees": converted, "base_offset": base, "input_dtype": np.float64, "internal_dtype": np.float64,
             "objective": "squared_error", "tree_output": "raw_value"}
    explainer = shap.TreeExplainer(model, feature_perturbation="tree_path_dependent")
    values = np.asarray(explainer.shap_values(rows, check_additivity=False)).reshape(rows.shape)
    return values, float(np.ravel(explainer.expected_value)[0])


def explained(forewarn, name, table, tmp_path):
    table.to_csv(tmp_path / "explain.csv", index=False)
    done = forewarn.run("explain", tmp_path / "explain.csv", "--model", ref(name))
    (tmp_path / "explained.csv").write_text(done.stdout)
    out = pd.read_csv(tmp_path / "explained.csv", float_precision="round_trip")
    return out[[f"shap_{c}" for c in table.columns]].to_numpy(), out["base_value"].to_numpy(), out["output_value"].to_numpy()


@pytest.mark.parametrize("name", TREES)
def test_explain_equals_the_shap_library(forewarn, exported, gas_features, name, tmp_path):
    table = inputs(exported / name, gas_features).head(40)
    values, base, output = explained(forewarn, name, table, tmp_path)
    np.testing.assert_allclose(values.sum(axis=1) + base, output, rtol=0, atol=1e-6)
    each = [shap_library(fold, table.to_numpy(dtype=np.float32).astype(float)) for fold in folds(exported / name / "model.onnx")]
    np.testing.assert_allclose(values, np.mean([v for v, _ in each], axis=0), rtol=0, atol=1e-6)
    np.testing.assert_allclose(base, np.mean([b for _, b in each]), rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", ["champion:1", "champion:2"])
def test_explain_equals_brute_force(forewarn, exported, gas_features, name, tmp_path):
    table = inputs(exported / name, gas_features).head(4)
    values, base, _ = explained(forewarn, name, table, tmp_path)
    stored = folds(exported / name / "model.onnx")
    for i, row in enumerate(table.to_numpy()):
        each = [brute_force(fold, row, table.shape[1]) for fold in stored]
        np.testing.assert_allclose(values[i], np.mean([phi for phi, _ in each], axis=0), rtol=0, atol=1e-6)
        np.testing.assert_allclose(base[i], np.mean([b for _, b in each]), rtol=0, atol=1e-6)


def test_json_explanation_lists_every_feature_and_adds_up(forewarn, trained, exported, gas_features):
    table = inputs(exported / "champion:2", gas_features).iloc[[1]]
    body = json.dumps({"features": table.iloc[0].to_dict()})
    for name in ("champion:1", "champion:2", "champion:3", "champion:4", "lr_soft_alarm:1", "isolation_forest:1"):
        reply = json.loads(forewarn.run("explain", "-", "--model", ref(name), stdin=body).stdout)
        assert len(reply["local_importance"]) == 28
        total = reply["base_value"] + sum(d["shap_value"] for d in reply["local_importance"])
        assert abs(total - reply["output_value"]) <= 1e-6
        sizes = [abs(d["shap_value"]) for d in reply["local_importance"]]
        assert sizes == sorted(sizes, reverse=True)


def test_a_forecasts_drivers_are_one_a_sensor_and_add_up(forewarn, trained, gas_data):
    table = pd.read_csv(gas_data / "labeled_dataset.csv")
    sensors = [c for c in ("TE301020", "PDT31008", "PDT31001", "PDT31007", "FQ31050", "LT301031", "LIC31012_PV",
                           "LIC31002_PV", "FIC31011_PV")]
    rows = table[sensors].tail(12).to_dict("records")
    for horizon in (1, 3, 6):
        body = json.dumps({"horizon": horizon, "recent_observations": rows})
        reply = json.loads(forewarn.run("explain", "-", stdin=body).stdout)
        assert sorted(d["feature"] for d in reply["local_importance"]) == sorted(s.lower() for s in sensors)
        total = reply["base_value"] + sum(d["shap_value"] for d in reply["local_importance"])
        assert abs(total - reply["output_value"]) <= 1e-6
        forecast = json.loads(forewarn.run("forecast", "-", stdin=body).stdout)
        assert forecast["anomaly_probability"] == reply["risk_score"]


def test_an_altered_export_is_refused_by_name(forewarn, exported, tmp_path):
    import shutil

    folder = tmp_path / "altered"
    shutil.copytree(exported / "champion:1", folder)
    with open(folder / "forewarn.json", "a") as file:
        file.write(" ")
    done = forewarn.run("models", "import", folder, check=False)
    assert done.returncode == 1
    assert "forewarn.json was altered" in done.stderr
