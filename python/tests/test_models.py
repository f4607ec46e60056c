"""Models answer as the command line does, bit for bit and word for word."""

import json
import pickle
import threading

import numpy as np
import pandas as pd
import pytest

import forewarn

NORMAL = {"te301020": 107.2, "pdt31008": 225, "pdt31001": 6.2, "pdt31007": 53.1, "fq31050": 83.5, "lt301031": 44,
          "lic31012_pv": 79.8, "lic31002_pv": 70.3, "fic31011_pv": 413.5}
KINDS = ["plant_alarm_champion", "plant_alarm_rf_soft_alarm", "plant_alarm_lr_soft_alarm",
         "plant_alarm_isolation_forest", "plant_alarm_regime_classifier", "plant_alarm_deviation_predictor",
         "plant_alarm_pca"]


def csv_of(done, columns) -> pd.DataFrame:
    import io
    return pd.read_csv(io.StringIO(done.stdout), float_precision="round_trip")[columns]


def assert_equal(got: forewarn.Scores, expected: pd.DataFrame) -> None:
    for name in got.names:
        np.testing.assert_array_equal(got[name], expected[name].to_numpy(float), err_msg=name)


@pytest.fixture(scope="module")
def champion(registry, plant) -> forewarn.Model:
    return forewarn.Model.load("plant_alarm_champion", registry=registry, plant=plant)


@pytest.fixture(scope="module")
def forecaster(registry, plant) -> forewarn.Model:
    return forewarn.Model.load("plant_alarm_forecaster_3h", registry=registry, plant=plant)


@pytest.mark.parametrize("name", KINDS)
def test_predict_of_a_table(cli, registry, labelled_csv, labelled, name):
    model = forewarn.Model.load(name, registry=registry)
    scores = model.predict(labelled)
    done = cli.run("--registry", registry, "predict", labelled_csv, "--model", name)
    assert_equal(scores, csv_of(done, scores.names))
    assert scores.notes == ["features computed from the plant table"] or name == "plant_alarm_pca"
    assert len(scores) == len(labelled)


def test_predict_takes_any_table_and_arrays(champion, labelled):
    features = forewarn.features(champion.plant, labelled)
    expected = champion.predict(labelled)["risk_score"]
    for data in [features, features.to_pandas(), features.to_polars(), features.to_arrow()]:
        np.testing.assert_array_equal(champion.predict(data)["risk_score"], expected)
    rows = np.column_stack([features[name] for name in champion.features])
    np.testing.assert_array_equal(champion.score(rows), expected)
    np.testing.assert_array_equal(champion.score(rows.astype(np.float32)[:, :].astype(float)),
                                  champion.score(rows.astype(np.float32)))


@pytest.mark.parametrize("name", ["plant_alarm_champion", "plant_alarm_pca", "plant_alarm_regime_classifier"])
def test_predict_of_a_request(cli, registry, name):
    model = forewarn.Model.load(name, registry=registry)
    reply = model.predict(NORMAL)
    said = cli.run("--registry", registry, "predict", "--model", name, stdin=json.dumps({"features": NORMAL}))
    assert reply == json.loads(said.stdout)
    assert model.predict({k: np.float64(v) for k, v in NORMAL.items()}) == reply
    assert model.predict(json.dumps(NORMAL)) == reply


def test_forecast_rolling_and_newest(cli, registry, forecaster, labelled, labelled_csv):
    rolling = forecaster.forecast(labelled, rolling=True)
    done = cli.run("--registry", registry, "forecast", "--horizon", "3", "--rolling", labelled_csv)
    assert_equal(rolling, csv_of(done, rolling.names))
    assert np.isnan(rolling["probability"][:11]).all() and not np.isnan(rolling["probability"][11:]).any()
    said = json.loads(cli.run("--registry", registry, "forecast", "--horizon", "3", labelled_csv).stdout)
    assert forecaster.forecast(labelled) == said
    rows = labelled[-12:].select(forecaster.plant.sensors).to_pandas().drop(columns="timestamp").to_dict("records")
    assert forecaster.forecast(rows)["anomaly_probability"] == said["anomaly_probability"]
    assert forecaster.forecast({"recent_observations": rows})["anomaly_probability"] == said["anomaly_probability"]


def test_explain_of_tables_requests_and_forecasts(cli, registry, champion, forecaster, labelled, labelled_csv):
    table = champion.explain(labelled)
    done = cli.run("--registry", registry, "explain", labelled_csv)
    assert_equal(table, csv_of(done, table.names))
    total = sum(table[n] for n in table.names if n.startswith("shap_")) + table["base_value"]
    np.testing.assert_allclose(total, table["output_value"], atol=1e-6)
    said = cli.run("--registry", registry, "explain", stdin=json.dumps(NORMAL)).stdout
    assert champion.explain(NORMAL) == json.loads(said)
    rows = labelled[-12:].select(forecaster.plant.sensors).to_pandas().drop(columns="timestamp").to_dict("records")
    body = json.dumps({"horizon": 3, "recent_observations": rows})
    said = cli.run("--registry", registry, "explain", "--horizon", "3", stdin=body).stdout
    assert forecaster.explain(rows) == json.loads(said)
    features = forewarn.features(champion.plant, labelled)
    rows = np.column_stack([features[name] for name in champion.features])
    np.testing.assert_array_equal(champion.shap(rows)[:, 0], table["shap_" + champion.features[0]])


def test_importance_and_info(cli, registry, champion):
    assert champion.importance() == cli.json("--registry", registry, "importance")
    shown = cli.json("--registry", registry, "models", "show", "plant_alarm_champion")
    assert champion.info["run"] == shown["run_name"] and champion.info["version"] == shown["version"]
    assert champion.info["features"] == champion.features == champion.plant.point_features
    assert champion.kind == "classifier" and 0 <= champion.threshold <= 1


def test_a_saved_folder_an_exported_one_and_a_pickle_answer_the_same(cli, registry, champion, labelled, tmp_path):
    champion.save(str(tmp_path / "saved"))
    cli.run("--registry", registry, "models", "export", "plant_alarm_champion", tmp_path / "exported")
    for name in ["MLmodel", "model.onnx", "forewarn.json", "manifest.json"]:
        assert (tmp_path / "saved" / name).read_bytes() == (tmp_path / "exported" / name).read_bytes()
    expected = champion.predict(labelled)["risk_score"]
    for other in [forewarn.Model.load(str(tmp_path / "saved")), pickle.loads(pickle.dumps(champion))]:
        np.testing.assert_array_equal(other.predict(labelled)["risk_score"], expected)
    assert pickle.loads(pickle.dumps(champion)).predict(NORMAL)["model"] == champion.predict(NORMAL)["model"]
    with pytest.raises(forewarn.Error):
        champion.save(str(tmp_path / "saved"))


def test_an_altered_folder_does_not_load(champion, tmp_path):
    champion.save(str(tmp_path / "m"))
    path = tmp_path / "m" / "model.onnx"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(ValueError, match="model.onnx was altered"):
        forewarn.Model.load(str(tmp_path / "m"))


def test_the_threshold_can_be_given(registry, labelled):
    model = forewarn.Model.load("plant_alarm_champion", registry=registry, threshold=0.01)
    scores = model.predict(labelled)
    assert model.threshold == 0.01
    np.testing.assert_array_equal(scores["alarm"], scores["risk_score"] >= 0.01)
    with pytest.raises(ValueError, match="from 0 to 1"):
        forewarn.Model.load("plant_alarm_champion", registry=registry, threshold=2)


def test_registries_are_read_and_written(cli, registry, champion, tmp_path):
    opened = forewarn.Registry(registry)
    listed = cli.json("--registry", registry, "models", "list")
    assert [(v["name"], v["version"]) for v in opened.versions()] == [(v["name"], v["version"]) for v in listed]
    other = forewarn.Registry(f"local:{tmp_path / 'other'}")
    run = other.log_run("xgboost_calibrated", metrics={"f1_anomaly": 0.5}, params={"eta": "0.05"})
    assert other.register("plant_alarm_champion", champion, run) == 1
    other.set_alias("plant_alarm_champion", "champion", 1)
    version = other.find("plant_alarm_champion@champion")
    assert version["run_name"] == "xgboost_calibrated" and version["metrics"] == {"f1_anomaly": 0.5}
    said = cli.run("--registry", other.uri, "predict", stdin=json.dumps(NORMAL)).stdout
    assert json.loads(said)["risk_score"] == champion.predict(NORMAL)["risk_score"]


@pytest.mark.parametrize("features, pointer, detail", [
    ({"te301020": "hot"}, "/features/te301020", "must be a number, not a text"),
    ({"te301020": True}, "/features/te301020", "must be a number, not a truth value"),
    ({"te301020": None}, "/features/te301020", "must be a number, not null"),
])
def test_bad_requests_name_each_fault(cli, registry, champion, features, pointer, detail):
    body = {"features": {**NORMAL, **features}}
    with pytest.raises(forewarn.errors.InvalidInput) as caught:
        champion.predict(body)
    assert caught.value.faults == [(pointer, detail)]
    said = cli.run("--registry", registry, "predict", stdin=json.dumps(body), check=False)
    assert str(caught.value) in said.stderr


def test_bad_uses_are_told(cli, registry, champion, forecaster, labelled, labelled_csv, tmp_path):
    with pytest.raises(KeyError) as caught:
        forewarn.Model.load("plant_alarm_champoin", registry=registry)
    said = cli.run("--registry", registry, "predict", "--model", "plant_alarm_champoin", labelled_csv, check=False)
    assert str(caught.value) in said.stderr
    with pytest.raises(KeyError, match="none of the inputs"):
        champion.predict(pd.DataFrame({"x": [1.0]}))
    with pytest.raises(ValueError, match="no forecaster; use predict"):
        champion.forecast(labelled, rolling=True)
    with pytest.raises(ValueError):
        forecaster.forecast(labelled[:5])
    with pytest.raises(ValueError, match="3 values; the model reads 28"):
        champion.score(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="two dimensions"):
        champion.score(np.zeros(28))
    with pytest.raises(RuntimeError):
        forewarn.Model.load("plant_alarm_pca", registry=registry).explain(labelled)
    with pytest.raises((FileNotFoundError, forewarn.Error)):
        forewarn.Model.load(str(tmp_path / "nowhere"))


def test_threads_score_beside_each_other(champion, labelled):
    expected = champion.predict(labelled)["risk_score"]
    wrong = []

    def work():
        for _ in range(10):
            if not (champion.predict(labelled)["risk_score"] == expected).all():
                wrong.append(1)
            champion.predict(NORMAL)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


def test_training_in_python_is_the_command_lines(cli, plant, labelled, registry, features_folder):
    from forewarn import training
    runs = training.train(plant, forewarn.build_dataset(plant, labelled), only=["xgboost_calibrated", "forecaster_3h"],
                          verdicts=False)
    assert [r.name for r in runs] == ["xgboost_calibrated", "forecaster_3h"]
    for run, name in zip(runs, ["plant_alarm_champion:1", "plant_alarm_forecaster_3h:1"]):
        stored = forewarn.Model.load(name, registry=registry)
        mine, theirs = run.model.info, stored.info
        for key in mine:
            if key not in ("name", "version"):
                assert mine[key] == theirs[key], key
    np.testing.assert_array_equal(runs[0].model.predict(labelled)["risk_score"],
                                  forewarn.Model.load("plant_alarm_champion:1", registry=registry)
                                  .predict(labelled)["risk_score"])
    with pytest.raises(KeyError, match="xgboost_calibrated"):
        training.train(plant, forewarn.build_dataset(plant, labelled), only=["xgboost"])
