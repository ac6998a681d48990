"""PyTorch: a network as a pickle, and as an exported program (MLflow 3's own format)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import mlflow
import numpy as np
import torch
from mlflow.models import infer_signature

from case import Ask, Case, pins


def networks() -> Iterator[Case]:
    torch.manual_seed(1)
    network = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3)).eval()
    flowers = np.random.default_rng(1).normal(size=(6, 4)).astype(np.float32)
    with torch.no_grad():
        signature = infer_signature(flowers, network(torch.from_numpy(flowers)).numpy())
    log = partial(mlflow.pytorch.log_model, network, signature=signature, pip_requirements=pins("torch"))
    pickled = partial(log, serialization_format="pickle")
    exported = partial(log, input_example=flowers)
    asks = [Ask(flowers.tolist(), flowers)]
    yield Case("pytorch-pickled", pickled, asks)
    yield Case("pytorch-exported", exported, asks)
