"""What MLflow's client reads of a registry: search, get by alias, the run, the artifacts. usage: client_read.py NAME"""
import json
import logging
import sys
import tempfile
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import mlflow  # noqa: E402
from mlflow import MlflowClient  # noqa: E402

client, name = MlflowClient(), sys.argv[1]
champion = client.get_model_version_by_alias(name, "champion")
with tempfile.TemporaryDirectory() as folder:
    mlflow.artifacts.download_artifacts(f"models:/{name}@champion", dst_path=folder)
    files = sorted(str(f.relative_to(folder)) for f in Path(folder).rglob("*") if f.is_file())
print(json.dumps({
    "models": sorted(m.name for m in client.search_registered_models()),
    "versions": sorted(int(v.version) for v in client.search_model_versions(f"name='{name}'")),
    "champion": int(champion.version), "tags": champion.tags, "files": files,
    "metrics": client.get_run(champion.run_id).data.metrics}))
