"""MLflow's own client: loads a model of a tracking server (MLFLOW_TRACKING_URI) and scores a table with it.
usage: client_predict.py MODEL_URI TABLE.parquet; prints the rows and the scores as JSON."""
import json
import logging
import sys
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import mlflow  # noqa: E402
import pandas  # noqa: E402

model = mlflow.pyfunc.load_model(sys.argv[1])
names = model.metadata.get_input_schema().input_names()
rows = pandas.read_parquet(sys.argv[2])[names].astype("float64")
scores = model.predict(rows)
print(json.dumps({"rows": rows.to_dict("records"), "scores": scores.iloc[:, 0].tolist(), "run": model.metadata.run_id}))
