"""Learners, calibration, metrics and SMOTE against scikit-learn, xgboost and imbalanced-learn.

The C++ side is the test tool parity_probe (probe.cc), which calls the library's own functions.
"""

import json
import subprocess

import numpy as np
import pytest
import xgboost
from imblearn.over_sampling import SMOTE
from sklearn import metrics
from sklearn.calibration import _sigmoid_calibration
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler


@pytest.fixture(scope="session")
def probe(parity_probe):
    def ask(learner, **request):
        line = json.dumps({"learner": learner, **{k: plain(v) for k, v in request.items()}})
        done = subprocess.run([str(parity_probe)], input=line, capture_output=True, text=True, timeout=300, check=True)
        answer = json.loads(done.stdout)
        assert "error" not in answer, answer
        return answer

    return ask


def plain(value):
    """JSON's view of an array; NaN is null."""
    if isinstance(value, np.ndarray):
        if value.dtype.kind == "f" and np.isnan(value).any():
            return [[None if np.isnan(c) else float(c) for c in row] for row in value]
        return value.tolist()
    return value


def clouds(rows, columns, seed, classes=2):
    """Overlapping, correlated, differently scaled clouds."""
    rng = np.random.default_rng(seed)
    y = rng.choice(classes, size=rows, p=[0.7, 0.3] if classes == 2 else None)
    x = rng.normal(size=(rows, columns)) @ rng.normal(size=(columns, columns)) * 0.5
    x[:, 0] += 1.2 * y
    x[:, 1] -= 0.8 * (y == classes - 1)
    return x * rng.uniform(0.1, 50, size=columns) + rng.uniform(-100, 100, size=columns), y.astype(int)


SEEDS = range(5)


@pytest.mark.parametrize("seed", SEEDS)
def test_logistic_regression(probe, seed):
    x, y = clouds(300, 12, seed)
    z = StandardScaler().fit_transform(x)
    peer = LogisticRegression(C=0.5, class_weight="balanced", tol=1e-12, max_iter=10000).fit(z, y)
    ours = probe("logistic", x=x, y=y, c=0.5)
    np.testing.assert_allclose(ours["coef"], peer.coef_[0], rtol=0, atol=1e-5)
    np.testing.assert_allclose(ours["intercept"], peer.intercept_[0], rtol=0, atol=1e-5)


@pytest.mark.parametrize("seed", SEEDS)
def test_multinomial_regression(probe, seed):
    x, y = clouds(400, 8, seed, classes=3)
    z = StandardScaler().fit_transform(x)
    peer = LogisticRegression(C=1.0, class_weight="balanced", tol=1e-12, max_iter=20000).fit(z, y)
    ours = probe("multinomial", x=x, y=y, c=1.0, classes=3)
    np.testing.assert_allclose(ours["coef"], peer.coef_, rtol=0, atol=1e-5)
    np.testing.assert_allclose(ours["intercept"], peer.intercept_, rtol=0, atol=1e-5)


@pytest.mark.parametrize("seed", SEEDS)
def test_ridge(probe, seed):
    x, _ = clouds(200, 10, seed)
    target = np.random.default_rng(seed).normal(size=200) + x[:, 0] / 50
    z = StandardScaler().fit_transform(x)
    peer = Ridge(alpha=1.0).fit(z, target)
    ours = probe("ridge", x=x, y=target, alpha=1.0)
    np.testing.assert_allclose(ours["coef"], peer.coef_, rtol=0, atol=1e-8)
    np.testing.assert_allclose(ours["intercept"], peer.intercept_, rtol=0, atol=1e-8)


@pytest.mark.parametrize("seed", SEEDS)
def test_pca(probe, seed):
    x, _ = clouds(250, 9, seed)
    peer = PCA().fit(StandardScaler().fit_transform(x))
    ours = probe("pca", x=x)
    np.testing.assert_allclose(ours["variance"], peer.explained_variance_, rtol=1e-8)
    np.testing.assert_allclose(ours["explained"], peer.explained_variance_ratio_, rtol=1e-8)
    signs = np.sign(np.sum(np.array(ours["components"]) * peer.components_, axis=1))  # a component's sign is free
    np.testing.assert_allclose(np.array(ours["components"]) * signs[:, None], peer.components_, rtol=0, atol=1e-5)
    assert ours["kept"] == int(np.searchsorted(np.cumsum(peer.explained_variance_ratio_), 0.9) + 1)


@pytest.mark.parametrize("seed", range(20))
def test_sigmoid_calibration(probe, seed):
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=120) * (50 if seed % 4 == 0 else 1.5)
    y = (scores / np.abs(scores).max() + rng.normal(size=120) > 0).astype(int)
    a, b = _sigmoid_calibration(scores, y)
    ours = probe("sigmoid", scores=scores, y=y, at=[])
    np.testing.assert_allclose([ours["a"], ours["b"]], [a, b], rtol=0, atol=1e-5)


@pytest.mark.parametrize("seed", range(20))
def test_isotonic_calibration(probe, seed):
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=150)
    if seed % 2:
        scores = np.round(scores, 1)  # ties
    y = (scores + rng.normal(size=150) > 0).astype(int)
    peer = IsotonicRegression(out_of_bounds="clip").fit(scores, y)
    at = np.linspace(-4, 4, 400)
    ours = probe("isotonic", scores=scores, y=y, at=at)
    np.testing.assert_allclose(ours["at"], peer.predict(at), rtol=0, atol=1e-9)
    np.testing.assert_allclose(ours["x"], peer.X_thresholds_, rtol=0, atol=1e-12)
    np.testing.assert_allclose(ours["y"], peer.y_thresholds_, rtol=0, atol=1e-12)


TREE_CASES = {
    "boosting": dict(trees=60, max_depth=3, eta=0.05, min_child_weight=2.5),
    "leafwise": dict(trees=60, max_depth=4, max_leaves=15, eta=0.05, min_child_weight=2.5, scale_pos_weight=2.0),
    "forecaster": dict(trees=60, max_depth=3, eta=0.05, min_child_weight=10, scale_pos_weight=3.5),
}


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("case", TREE_CASES)
def test_trees_and_margins_bit_for_bit(probe, case, missing):
    """Without sampling: the random streams of library versions differ, the algorithm does not."""
    x, y = clouds(400, 15, 3)
    x = x.astype(np.float32).astype(float)
    if missing:
        x[np.random.default_rng(1).random(x.shape) < 0.05] = np.nan
    ours_params = TREE_CASES[case]
    params = dict(tree_method="hist", max_bin=256, nthread=1, base_score=0.5, objective="binary:logistic",
                  **{k: v for k, v in ours_params.items() if k != "trees"})
    if "max_leaves" in params:
        params["grow_policy"] = "lossguide"
    data = xgboost.DMatrix(x, y, nthread=1)
    peer = xgboost.train(params, data, ours_params["trees"])
    ours = probe("trees", x=x, y=y, at=x, params=ours_params)
    margins = peer.predict(data, output_margin=True)
    assert np.array_equal(np.array(ours["margins"], dtype=np.float32), margins)
    dumped = [json.loads(t) for t in peer.get_dump(dump_format="json", with_stats=True)]
    assert len(dumped) == len(ours["trees"])
    for theirs, nodes in zip(dumped, ours["trees"]):
        same_tree(theirs, nodes, 0)


def same_tree(theirs, nodes, at):
    feature, left, right, value, cover = nodes[at]
    np.testing.assert_allclose(cover, theirs["cover"], rtol=1e-5)
    if "leaf" in theirs:
        assert left == -1
        assert np.float32(value) == np.float32(theirs["leaf"])
        return
    assert feature == int(theirs["split"][1:])
    assert np.float32(value) == np.float32(theirs["split_condition"])
    children = {c["nodeid"]: c for c in theirs["children"]}
    same_tree(children[theirs["yes"]], nodes, left)
    same_tree(children[theirs["no"]], nodes, right)


def test_forest_is_the_mean_of_its_trees(probe):
    x, y = clouds(400, 15, 4)
    x = x.astype(np.float32).astype(float)
    weights = np.where(y == 1, len(y) / 2 / y.sum(), len(y) / 2 / (1 - y).sum())
    params = dict(tree_method="hist", max_bin=256, nthread=1, base_score=0, objective="reg:squarederror", eta=1,
                  max_depth=5, min_child_weight=8, num_parallel_tree=10, **{"lambda": 0})
    data = xgboost.DMatrix(x, y, weight=weights, nthread=1)
    peer = xgboost.train(params, data, 1)
    ours = probe("trees", x=x, y=y, at=x, weights=weights,
                 params=dict(forest=True, trees=10, max_depth=5, min_child_weight=8, eta=1, **{"lambda": 0}))
    np.testing.assert_allclose(ours["margins"], peer.predict(data, output_margin=True), rtol=0, atol=2e-6)


def test_isolation_forest_ranks_as_well_over_ten_seeds(probe):
    rng = np.random.default_rng(5)
    x = rng.normal(size=(600, 10))
    y = np.zeros(600, dtype=int)
    y[::8] = 1
    x[y == 1] += rng.normal(size=(75, 10)) * 1.3
    ours, peers = [], []
    for seed in range(10):
        scores = probe("isolation_forest", x=x, at=x, trees=300, psi=256, seed=seed)["scores"]
        ours.append(metrics.roc_auc_score(y, scores))
        peer = IsolationForest(n_estimators=300, max_samples=256, random_state=seed).fit(x)
        peers.append(metrics.roc_auc_score(y, -peer.score_samples(x)))
        # the score itself: 2^(-E[depth]/c(psi))
        np.testing.assert_allclose(np.mean(scores), np.mean(-peer.score_samples(x)), rtol=0, atol=0.01)
    assert 0.7 < np.mean(peers) < 0.99  # neither trivial nor hopeless
    assert abs(np.mean(ours) - np.mean(peers)) <= 0.02


def test_isolation_forest_on_the_real_table(probe, gas_data):
    import pandas as pd

    table = pd.read_csv(gas_data / "labeled_dataset.csv")
    names = ["TE301020", "PDT31008", "PDT31001", "PDT31007", "FQ31050", "LT301031", "LIC31012_PV", "LIC31002_PV",
             "FIC31011_PV"]
    x = table[names].to_numpy(float)
    y = table["anomaly_label"].to_numpy()
    ours, peers = [], []
    for seed in range(10):
        scores = probe("isolation_forest", x=x[:538], at=x[538:], trees=300, psi=256, seed=seed)["scores"]
        ours.append(metrics.roc_auc_score(y[538:], scores))
        peer = IsolationForest(n_estimators=300, max_samples=256, random_state=seed).fit(x[:538])
        peers.append(metrics.roc_auc_score(y[538:], -peer.score_samples(x[538:])))
    assert abs(np.mean(ours) - np.mean(peers)) <= 0.02


@pytest.mark.parametrize("seed", range(20))
def test_metrics(probe, seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(10, 300))
    y = rng.integers(0, 2, size=n)
    y[:2] = [0, 1]
    p = np.clip(rng.random(n) * 0.6 + 0.4 * y * rng.random(n), 0, 1)
    if seed % 2:
        p = np.round(p, 1)  # ties
    classes, predicted = rng.integers(0, 3, size=n), rng.integers(0, 3 if seed % 3 else 2, size=n)
    target = rng.normal(size=n)
    threshold = float(rng.choice([0.5, 0.43, 0.99]))
    ours = probe("metrics", y=y, p=p, threshold=threshold, classes=classes, predicted=predicted, k=3, target=target)
    said = (p >= threshold).astype(int)
    peer = {
        "precision": metrics.precision_score(y, said, zero_division=0),
        "recall": metrics.recall_score(y, said),
        "f1": metrics.f1_score(y, said, zero_division=0),
        "accuracy": metrics.accuracy_score(y, said),
        "roc_auc": metrics.roc_auc_score(y, p),
        "average_precision": metrics.average_precision_score(y, p),
        "brier": metrics.brier_score_loss(y, p),
        "log_loss": metrics.log_loss(y, p),
        "macro_f1": metrics.f1_score(classes, predicted, average="macro", zero_division=0),
        "mae": metrics.mean_absolute_error(target, p),
        "r2": metrics.r2_score(target, p),
    }
    for name, value in peer.items():
        np.testing.assert_allclose(ours[name], value, rtol=1e-12, atol=1e-12, err_msg=name)
    assert ours["confusion"] == metrics.confusion_matrix(y, said).ravel().tolist()


@pytest.mark.parametrize("seed", SEEDS)
def test_smote_geometry(probe, seed):
    """Every synthetic point lies between a minority row and one of its k nearest minority neighbours, for us and the peer."""
    x, y = clouds(200, 6, seed)
    k = 5
    peer_x, peer_y = SMOTE(k_neighbors=k, random_state=seed).fit_resample(x, y)
    ours = probe("smote", x=x, y=y, k=k, seed=seed)
    ours_x = np.array(ours["values"]).reshape(-1, ours["columns"])
    assert ours["applied"]
    assert np.array_equal(ours["labels"], peer_y)  # the real rows first, then as many synthetic ones
    assert np.array_equal(ours_x[: len(x)], x)
    minority = x[y == 1]
    near = NearestNeighbors(n_neighbors=k + 1).fit(minority).kneighbors(minority, return_distance=False)[:, 1:]
    segments = [(i, j) for i in range(len(minority)) for j in near[i]]
    for synthetic in (peer_x[len(x):], ours_x[len(x):]):
        used = {between(point, minority, segments) for point in synthetic}
        assert None not in used
        assert len({i for i, _ in used}) > 0.3 * min(len(minority), len(synthetic))  # not always the same rows


def between(point, minority, segments):
    """The segment the point lies on, or None."""
    for i, j in segments:
        a, b = minority[i], minority[j]
        d = b - a
        t = np.dot(point - a, d) / np.dot(d, d)
        if -1e-9 <= t <= 1 + 1e-9 and np.allclose(a + t * d, point, rtol=0, atol=1e-9 * np.abs(point).max()):
            return i, j
    return None


def test_smote_leaves_too_small_a_minority_alone(probe):
    x, _ = clouds(40, 3, 1)
    y = np.zeros(40, dtype=int)
    y[:5] = 1
    ours = probe("smote", x=x, y=y, k=5, seed=1)
    assert not ours["applied"]
    assert len(ours["labels"]) == 40
