"""The exported model files score in onnxruntime as they do natively.

test_model writes random models of every kind, rows (missing cells included) and native scores; onnxruntime scores the
same rows. Batch and single rows, one thread and several: the graphs' sums do not depend on their order.
"""

import os
import pathlib
import subprocess

import numpy as np
import onnx
import onnxruntime
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
KINDS = [
    "gradient_boosting", "xgboost_calibrated", "xgboost_leafwise_calibrated", "rf_soft_alarm", "isolation_forest",
    "lr_soft_alarm", "deviation_predictor", "regime_classifier", "pca",
]


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    forewarn = pathlib.Path(os.environ.get("FOREWARN_BIN", ROOT / "build" / "release" / "forewarn"))
    program = forewarn.resolve().parent / "test_model"
    if not program.exists():
        pytest.skip(f"{program} is not built")
    folder = tmp_path_factory.mktemp("onnx")
    subprocess.run(
        [program, "--gtest_filter=Onnx.ExportsForParity"], check=True, stdout=subprocess.DEVNULL,
        env={**os.environ, "FOREWARN_ONNX_EXPORT": str(folder)},
    )
    return folder


def session(path, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("kind", KINDS)
def test_scores_equal_onnxruntime(exported, kind):
    folders = sorted(exported.glob(f"{kind}_[0-9]"))
    assert len(folders) == 5
    for folder in folders:
        model = onnx.load(folder / "model.onnx")
        onnx.checker.check_model(model, full_check=True)
        assert model.ir_version == 8
        assert {(o.domain, o.version) for o in model.opset_import} == {("", 17), ("ai.onnx.ml", 3)}
        features = model.graph.input[0].type.tensor_type.shape.dim[1].dim_value
        rows = np.fromfile(folder / "inputs.f64").reshape(-1, features)
        native = np.fromfile(folder / "scores.f64").reshape(len(rows), -1)
        assert np.isnan(rows).any()
        for threads in (1, 2):
            run = session(folder / "model.onnx", threads)
            (scores,) = run.run(None, {"features": rows})
            assert scores.shape == native.shape
            np.testing.assert_allclose(scores, native, rtol=1e-9, atol=1e-6, equal_nan=True)
            for i in range(0, len(rows), 97):
                (one,) = run.run(None, {"features": rows[i:i + 1]})
                np.testing.assert_allclose(one, native[i:i + 1], rtol=1e-9, atol=1e-6, equal_nan=True)
        assert np.isfinite(native).any()


# ---- models made in Python, read natively


def score_natively(folder):
    forewarn = pathlib.Path(os.environ.get("FOREWARN_BIN", ROOT / "build" / "release" / "forewarn"))
    program = forewarn.resolve().parent / "test_model"
    if not program.exists():
        pytest.skip(f"{program} is not built")
    subprocess.run([program, "--gtest_filter=Onnx.ScoresForParity"], check=True, stdout=subprocess.DEVNULL,
                   env={**os.environ, "FOREWARN_ONNX_SCORE": str(folder)})


def expected(model_path, rows):
    """onnxruntime's first output of real numbers; of two probabilities the second."""
    run = session(model_path, 1)
    name = run.get_inputs()[0].name
    dtype = np.float64 if "double" in run.get_inputs()[0].type else np.float32
    outputs = run.run(None, {name: rows.astype(dtype)})
    labelled = False
    for output in outputs:
        if isinstance(output, list):  # ZipMap
            output = np.array([list(row.values()) for row in output])
        if np.issubdtype(output.dtype, np.floating):
            output = output.reshape(len(rows), -1)
            return output[:, 1:] if labelled and output.shape[1] == 2 else output
        labelled = True
    raise AssertionError("no real output")


def check(folder):
    score_natively(folder)
    for path in sorted(folder.iterdir()):
        error = path / "error.txt"
        assert not error.exists(), f"{path.name}: {error.read_text()}"
        rows = np.fromfile(path / "inputs.f64").reshape(-1, 6)
        want = expected(path / "model.onnx", rows)
        got = np.fromfile(path / "scores.f64").reshape(want.shape)
        np.testing.assert_allclose(got, want, rtol=2e-6, atol=1e-6, equal_nan=True, err_msg=path.name)


def save(folder, name, model, rows):
    (folder / name).mkdir()
    (folder / name / "model.onnx").write_bytes(model.SerializeToString())
    rows.astype(np.float64).tofile(folder / name / "inputs.f64")


def sklearn_models(x, y, y3, t):
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.decomposition import PCA
    from sklearn.ensemble import (AdaBoostClassifier, ExtraTreesClassifier, GradientBoostingClassifier,
                                  GradientBoostingRegressor, IsolationForest, RandomForestClassifier,
                                  RandomForestRegressor)
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, Normalizer, RobustScaler, StandardScaler
    from sklearn.tree import DecisionTreeClassifier

    logistic = LogisticRegression
    return {
        "lr": logistic().fit(x, y), "lr3": logistic().fit(x, y3), "ridge": Ridge().fit(x, t),
        "gb": GradientBoostingClassifier(n_estimators=20, random_state=0).fit(x, y),
        "gb3": GradientBoostingClassifier(n_estimators=20, random_state=0).fit(x, y3),
        "gbr": GradientBoostingRegressor(n_estimators=20, random_state=0).fit(x, t),
        "rf": RandomForestClassifier(30, max_depth=5, random_state=0).fit(x, y),
        "rf3": RandomForestClassifier(30, max_depth=5, random_state=0).fit(x, y3),
        "rfr": RandomForestRegressor(30, max_depth=5, random_state=0).fit(x, t),
        "et": ExtraTreesClassifier(20, max_depth=4, random_state=0).fit(x, y),
        "dt": DecisionTreeClassifier(max_depth=4, random_state=0).fit(x, y),
        "scaled": make_pipeline(StandardScaler(), logistic()).fit(x, y),
        "chain": make_pipeline(SimpleImputer(), MinMaxScaler(), RobustScaler(), logistic()).fit(x, y),
        "pca": PCA(3).fit(x), "normal": make_pipeline(Normalizer(), logistic()).fit(x, y),
        "maxabs": make_pipeline(MaxAbsScaler(), LinearRegression()).fit(x, t),
        "isotonic": CalibratedClassifierCV(RandomForestClassifier(10, max_depth=3, random_state=0), cv=3,
                                           method="isotonic").fit(x, y),
        "sigmoid": CalibratedClassifierCV(GradientBoostingClassifier(n_estimators=10, random_state=0), cv=3,
                                          method="sigmoid").fit(x, y),
        "mlp": MLPClassifier((8,), max_iter=50, random_state=0).fit(x, y),
        "ada": AdaBoostClassifier(n_estimators=5, random_state=0).fit(x, y),
        "isolation": IsolationForest(n_estimators=20, random_state=0).fit(x),
    }


@pytest.mark.filterwarnings("ignore")
def test_models_made_by_scikit_learn_score_natively(tmp_path):
    skl2onnx = pytest.importorskip("skl2onnx")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 6))
    y = (x[:, 0] + x[:, 1] * x[:, 2] > 0).astype(int)
    models = sklearn_models(x, y, np.digitize(x[:, 0], [-0.5, 0.5]), x @ np.arange(6) + 0.1)
    rows = rng.normal(size=(70, 6)).astype(np.float32)
    exported = 0
    for name, model in models.items():
        given = rows.copy()
        if name == "chain":
            given[::3, 2] = np.nan
        for dtype in (np.float32, np.float64):
            for zipmap in (True, False):
                options = None if zipmap or not hasattr(model, "predict_proba") else {id(model): {"zipmap": False}}
                try:
                    proto = skl2onnx.to_onnx(model, x[:1].astype(dtype), options=options,
                                             target_opset={"": 17, "ai.onnx.ml": 3})
                    onnxruntime.InferenceSession(proto.SerializeToString())
                except Exception:  # the exporter or the reference cannot: nothing to compare with
                    continue
                save(tmp_path, f"{name}_{dtype.__name__}_{'zip' if zipmap else 'array'}", proto, given)
                exported += 1
    assert exported > 50
    check(tmp_path)


def random_trees(rng, prefix, outputs, modes, positive=False):
    """Attributes of a random ensemble in ai.onnx.ml's lists, with missing values either way."""
    lists = {k: [] for k in ("treeids", "nodeids", "featureids", "values", "modes", "truenodeids", "falsenodeids",
                             "missing_value_tracks_true")}
    leaves = {k: [] for k in ("treeids", "nodeids", "ids", "weights")}
    for tree in range(12):
        depth = int(rng.integers(1, 5))
        for node in range(2 ** (depth + 1) - 1):
            leaf = node >= 2 ** depth - 1
            lists["treeids"].append(tree)
            lists["nodeids"].append(node)
            lists["featureids"].append(0 if leaf else int(rng.integers(6)))
            lists["values"].append(0.0 if leaf else float(np.round(rng.normal(), 1)))
            lists["modes"].append("LEAF" if leaf else str(rng.choice(modes)))
            lists["truenodeids"].append(0 if leaf else 2 * node + 1)
            lists["falsenodeids"].append(0 if leaf else 2 * node + 2)
            lists["missing_value_tracks_true"].append(0 if leaf else int(rng.integers(2)))
            if leaf:
                for output in outputs:
                    leaves["treeids"].append(tree)
                    leaves["nodeids"].append(node)
                    leaves["ids"].append(output)
                    weight = float(rng.normal())
                    leaves["weights"].append(abs(weight) / 20 if positive else weight)
    return {**{f"nodes_{k}": v for k, v in lists.items()}, **{f"{prefix}_{k}": v for k, v in leaves.items()}}


def tree_model(kind, element, **attributes):
    helper, types = onnx.helper, onnx.TensorProto
    classifier = kind == "TreeEnsembleClassifier"
    node = helper.make_node(kind, ["x"], ["label", "y"] if classifier else ["y"], domain="ai.onnx.ml", **attributes)
    x = helper.make_tensor_value_info("x", element, [None, 6])
    y = helper.make_tensor_value_info("y", types.FLOAT, [None, None])
    label = [helper.make_tensor_value_info("label", types.INT64, [None])] if classifier else []
    graph = helper.make_graph([node], "trees", [x], [*label, y])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def test_trees_of_every_comparison_and_class_layout_score_natively(tmp_path):
    rng = np.random.default_rng(1)
    rows = np.round(rng.normal(size=(90, 6)), 1)   # values that meet thresholds
    rows[rng.random(rows.shape) < 0.1] = np.nan
    every = ["BRANCH_LT", "BRANCH_LEQ", "BRANCH_GT", "BRANCH_GTE"]
    for element in (onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE):
        for mode in every + ["BRANCH_EQ", "BRANCH_NEQ"]:
            for aggregate in ("SUM", "AVERAGE", "MIN", "MAX"):
                trees = random_trees(rng, "target", [0, 1, 2], [mode])
                save(tmp_path, f"{mode}_{aggregate}_{element}",
                     tree_model("TreeEnsembleRegressor", element, n_targets=3, aggregate_function=aggregate,
                                base_values=[0.5, -1.0, 2.0], **trees), rows)
        for transform in ("NONE", "LOGISTIC", "SOFTMAX"):
            three = random_trees(rng, "class", [0, 1, 2], every[:1])
            save(tmp_path, f"three_{transform}_{element}",
                 tree_model("TreeEnsembleClassifier", element, post_transform=transform,
                            classlabels_int64s=[0, 1, 2], base_values=[0.1, 0.2, 0.3], **three), rows)
        for transform in ("NONE", "LOGISTIC"):
            for base in (None, [0.3]):   # XGBoost's layout: one margin a leaf, under class 0
                margin = random_trees(rng, "class", [0], every[:1])
                extra = {} if base is None else {"base_values": base}
                save(tmp_path, f"margin_{transform}_{base is None}_{element}",
                     tree_model("TreeEnsembleClassifier", element, post_transform=transform,
                                classlabels_int64s=[0, 1], **extra, **margin), rows)
        share = random_trees(rng, "class", [0], every[:1], positive=True)
        save(tmp_path, f"share_{element}",
             tree_model("TreeEnsembleClassifier", element, classlabels_int64s=[0, 1], **share), rows)
    check(tmp_path)
