"""Logs models, and has `mlflow.pyfunc` answer their requests."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import mlflow
from mlflow import MlflowClient

from case import IS_MLFLOW_3, Case, answers


def train_and_log(cases: Iterable[Case], output: str) -> None:
    """Writes for each model, by its name, its URIs and its requests with the expected answers. Needs MLFLOW_TRACKING_URI."""
    mlflow.set_experiment("models")
    logged = {case.name: _logged(case) for case in cases}
    Path(output).write_text(json.dumps(logged, allow_nan=False))


def _logged(case: Case) -> dict[str, Any]:
    started = time.monotonic()
    place = {"name": "model"} if IS_MLFLOW_3 else {"artifact_path": "model"}
    with mlflow.start_run() as run:
        info = case.log(registered_model_name=case.name, **place)
    MlflowClient().set_registered_model_alias(case.name, "champion", "1")
    logged = time.monotonic()
    model = mlflow.pyfunc.load_model(info.model_uri)
    requests = [
        {
            "rows": ask.rows,
            "params": ask.params,
            "stream": ask.stream,
            **({"refused": ask.refused} if ask.refused else {"expected": answers(model, ask)}),
        }
        for ask in case.asks
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
