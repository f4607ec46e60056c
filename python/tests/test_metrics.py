"""Metrics against scikit-learn; event metrics against their definition."""

import numpy as np
import pytest
import sklearn.metrics as sk

import forewarn
from forewarn import events, metrics


@pytest.fixture
def judged():
    rng = np.random.default_rng(4)
    labels = (rng.random(500) < 0.3).astype(int)
    scores = np.clip(np.round(rng.normal(0.35 + 0.2 * labels, 0.2), 2), 0, 1)  # with ties
    return labels, scores


def test_ranking_metrics_equal_scikit_learn(judged):
    assert metrics.roc_auc(*judged) == pytest.approx(sk.roc_auc_score(*judged), abs=1e-12)
    assert metrics.average_precision(*judged) == pytest.approx(sk.average_precision_score(*judged), abs=1e-12)
    assert metrics.brier_score(*judged) == pytest.approx(sk.brier_score_loss(*judged), abs=1e-12)
    assert metrics.log_loss(*judged) == pytest.approx(sk.log_loss(*judged), abs=1e-12)


def test_threshold_metrics_equal_scikit_learn(judged):
    labels, scores = judged
    c = metrics.confusion(labels, scores, 0.4)
    predicted = scores >= 0.4
    assert c["f1"] == pytest.approx(sk.f1_score(labels, predicted))
    assert c["precision"] == pytest.approx(sk.precision_score(labels, predicted))
    assert c["recall"] == pytest.approx(sk.recall_score(labels, predicted))
    threshold, f1 = metrics.best_f1_on_grid(labels, scores)
    assert f1 == max(sk.f1_score(labels, scores >= t) for t in np.linspace(0.1, 0.9, 50))
    assert metrics.confusion(labels, scores, threshold)["f1"] == f1


def test_curves_equal_scikit_learn(judged):
    curve = metrics.ranking_curve(*judged)
    fpr, tpr, _ = sk.roc_curve(*judged, drop_intermediate=False)
    np.testing.assert_allclose(curve["true_positive_rate"], tpr[1:])
    np.testing.assert_allclose(curve["false_positive_rate"], fpr[1:])


def test_classes_and_regression_equal_scikit_learn():
    rng = np.random.default_rng(1)
    truth, predicted = rng.integers(0, 3, 200), rng.integers(0, 3, 200)
    assert metrics.macro_f1(truth, predicted) == pytest.approx(sk.f1_score(truth, predicted, average="macro"))
    assert metrics.accuracy(truth, predicted) == pytest.approx(sk.accuracy_score(truth, predicted))
    y, p = rng.normal(size=50), rng.normal(size=50)
    assert metrics.mean_absolute_error(y, p) == pytest.approx(sk.mean_absolute_error(y, p))
    assert metrics.r2(y, p) == pytest.approx(sk.r2_score(y, p))


def test_calibrations_equal_scikit_learn(judged):
    from sklearn.isotonic import IsotonicRegression
    labels, scores = judged
    isotonic = forewarn.Calibration.fit("isotonic", labels, scores)
    peer = IsotonicRegression(out_of_bounds="clip").fit(scores, labels)
    at = np.linspace(-1, 2, 301)
    np.testing.assert_allclose(isotonic(at), peer.predict(at), atol=1e-9)
    sigmoid = forewarn.Calibration.fit("sigmoid", labels, scores)(at)
    assert (np.diff(sigmoid) > 0).all() and 0 < sigmoid[0] < sigmoid[-1] < 1
    with pytest.raises(KeyError, match="sigmoid, isotonic"):
        forewarn.Calibration.fit("spline", labels, scores)


@pytest.mark.parametrize("labels, scores, words", [
    ([0, 2], [0.1, 0.2], "row 1 is 2"), ([0, 1], [0.1], "2 labels for 1 scores"), ([], [], "no labels"),
    ([0, 1], [0.1, float("nan")], "row 1 is missing"), ([[0], [1]], [0.1, 0.2], "one dimension")])
def test_bad_judgements_are_told(labels, scores, words):
    with pytest.raises(ValueError, match=words):
        metrics.roc_auc(labels, scores)


def timeline(text: str):
    """'.' quiet, 'A' alarm; hourly."""
    times = np.datetime64("2020-01-01", "us") + np.arange(len(text)) * np.timedelta64(1, "h")
    return times, np.array([c == "A" for c in text], int)


def test_events_warnings_and_leads():
    times, alarm = timeline("......AA..A...........AA............")
    score = np.zeros(len(alarm))
    score[3:5] = 0.9     # two hours before the first event (computable at the end of row 3: lead 2 h)
    score[30] = 0.9      # false
    found = events.find_events(times, alarm)
    assert [(e["begin"], e["end"]) for e in found] == [(6, 11), (22, 24)]
    warnings = events.find_warnings(times, alarm, score, 0.5)
    assert [(w["rise"], w["verdict"], w["lead_hours"]) for w in warnings] == [(3, "true", 2.0), (30, "false", 0.0)]
    judged = events.judge_warnings(times, alarm, score, 0.5)
    assert judged["recall"] == 0.5 and judged["false_warnings"] == 1 and judged["median_lead_hours"] == 2
    budget = events.threshold_for_budget(times, alarm, score, 0.0)
    assert budget["false_warnings"] == 0


def test_bad_timelines_are_told():
    times, alarm = timeline("..A.")
    with pytest.raises(ValueError, match="times must ascend"):
        events.find_events(times[::-1], alarm)
    with pytest.raises(ValueError, match="4 times for 3 labels"):
        events.find_events(times, alarm[:3])
    with pytest.raises(ValueError, match="merge_hours is -1"):
        events.find_events(times, alarm, merge_hours=-1)
