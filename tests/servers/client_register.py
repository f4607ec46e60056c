"""Models made by other libraries, registered by MLflow's client as ONNX under names of the plant.
usage: client_register.py TABLE.parquet KIND NAME (KIND: sklearn, xgboost or unsupported); prints version and scores."""
import json
import logging
import sys
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import mlflow  # noqa: E402
import onnx  # noqa: E402
import onnxruntime  # noqa: E402
import pandas  # noqa: E402
from mlflow.models import ModelSignature  # noqa: E402
from mlflow.types import ColSpec, Schema  # noqa: E402

table, kind, name = sys.argv[1:4]
COLUMNS = ["te301020", "pdt31008", "lt301031", "fq31050", "pdt31008_roll_std", "failure_frequency_48"]
data = pandas.read_parquet(table)
x, y = data[COLUMNS].astype("float32").to_numpy(), data["anomaly_label"].astype(int)


def convert():
    if kind == "xgboost":
        from onnxmltools import convert_xgboost
        from onnxmltools.convert.common.data_types import FloatTensorType
        from xgboost import XGBRegressor  # its logistic objective: one output, the probability
        model = XGBRegressor(n_estimators=20, max_depth=3, objective="binary:logistic", base_score=0.5).fit(x, y)
        return convert_xgboost(model, initial_types=[("input", FloatTensorType([None, x.shape[1]]))], target_opset=15)
    from skl2onnx import to_onnx
    if kind == "sklearn":
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
        model = make_pipeline(StandardScaler(), LogisticRegression()).fit(x, y)
    else:
        from sklearn.neighbors import KNeighborsClassifier
        model = KNeighborsClassifier(3).fit(x, y)
    return to_onnx(model, x[:1], target_opset=17, options={id(model): {"zipmap": False}})


model = convert()
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
scores = session.run(None, {session.get_inputs()[0].name: x})[-1]
scores = scores[:, -1] if scores.ndim == 2 else scores
mlflow.set_experiment("elsewhere")
signature = ModelSignature(Schema([ColSpec("double", c) for c in COLUMNS]), Schema([ColSpec("double", "score")]))
with mlflow.start_run():
    mlflow.onnx.log_model(model, artifact_path="model", signature=signature, registered_model_name=name)
version = max(int(v.version) for v in mlflow.MlflowClient().search_model_versions(f"name='{name}'"))
print(json.dumps({"version": version, "rows": data[COLUMNS].astype("float32").astype(float).to_dict("records"),
                  "scores": [float(s) for s in scores]}))
