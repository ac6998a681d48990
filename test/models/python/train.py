"""Trains and logs every model that this MLflow can log: `train.py OUTPUT.json`, with MLFLOW_TRACKING_URI.

OUTPUT.json gets for each model its URIs, and its requests with what `mlflow.pyfunc` answers to them.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import cloudpickle
import mlflow
from mlflow import MlflowClient

import columns
import hinted
import pyfuncs
from agents import agents
from boosting import boosted_trees
from case import IS_MLFLOW_3, Case, answers
from columns import column_types
from linear import linear_models
from pyfuncs import python_models
from tensors import onnx_models


def main(output: str) -> None:
    mlflow.set_experiment("models")
    for module in (columns, hinted, pyfuncs):
        # As if their models were of the program itself: where they are loaded, these files are not.
        cloudpickle.register_pickle_by_value(module)
    cases = [
        *linear_models(),
        *boosted_trees(),
        *onnx_models(),
        *python_models(),
        *column_types(),
        *agents(),
    ]
    Path(output).write_text(json.dumps({case.name: _logged(case) for case in cases}, allow_nan=False, default=lambda value: value.item()))


def _logged(case: Case) -> dict[str, Any]:
    started = time.monotonic()
    place = {"name": "model"} if IS_MLFLOW_3 else {"artifact_path": "model"}
    with mlflow.start_run() as run:
        info = case.log(registered_model_name=case.name, **place)
    MlflowClient().set_registered_model_alias(case.name, "champion", "1")
    logged = time.monotonic()
    model = mlflow.pyfunc.load_model(info.model_uri)
    requests = [
        {"rows": ask.rows, "params": ask.params, "stream": ask.stream, "expected": answers(model, ask)} for ask in case.asks
    ]
    print(f"{case.name}: logged {logged - started:.1f} s, asked {time.monotonic() - logged:.1f} s", flush=True)
    return {
        "uris": {
            "version": f"models:/{case.name}/1",
            "alias": f"models:/{case.name}@champion",
            "run": f"runs:/{run.info.run_id}/model",
            **({"id": f"models:/{info.model_id}"} if IS_MLFLOW_3 else {}),
        },
        "requests": requests,
    }


if __name__ == "__main__":
    main(sys.argv[1])
