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
