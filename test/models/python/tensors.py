"""ONNX: one tensor, and tensors with names."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import mlflow
import numpy as np
import onnx
from mlflow.models import ModelSignature, infer_signature
from mlflow.types import Schema, TensorSpec
from onnx import TensorProto, helper
from skl2onnx import to_onnx
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from case import Ask, Case, pins


def onnx_models() -> Iterator[Case]:
    yield _classifier()
    yield _named_inputs()


def _classifier() -> Case:
    flowers, kinds = load_iris(return_X_y=True)
    flowers = flowers.astype(np.float32)
    model = LogisticRegression(max_iter=500).fit(flowers, kinds)
    log = partial(
        mlflow.onnx.log_model,
        to_onnx(model, flowers[:1], options={"zipmap": False}),
        signature=infer_signature(flowers),
        pip_requirements=pins("onnx", "onnxruntime"),
    )
    some = flowers[::25]
    return Case("onnx", log, [Ask(some.tolist(), some)])


def _named_inputs() -> Case:
    """Two images of 2 x 3 and their weights: the mean of each image, times its weight."""
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["mean"], axes=[1, 2], keepdims=0),
        helper.make_node("Mul", ["mean", "weight"], ["brightness"]),
    ]
    graph = helper.make_graph(
        nodes,
        "brightness",
        [
            helper.make_tensor_value_info("image", TensorProto.FLOAT, [None, 2, 3]),
            helper.make_tensor_value_info("weight", TensorProto.FLOAT, [None]),
        ],
        [helper.make_tensor_value_info("brightness", TensorProto.FLOAT, [None])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    float32 = np.dtype(np.float32)
    inputs = Schema([TensorSpec(float32, (-1, 2, 3), "image"), TensorSpec(float32, (-1,), "weight")])
    log = partial(
        mlflow.onnx.log_model,
        model,
        signature=ModelSignature(inputs, Schema([TensorSpec(float32, (-1,), "brightness")])),
        pip_requirements=pins("onnx", "onnxruntime"),
    )
    images = np.random.default_rng(1).random((2, 2, 3)).astype(np.float32)
    weights = np.array([0.1, 3.3], dtype=np.float32)
    rows = [{"weight": float(weight), "image": image.tolist()} for image, weight in zip(images, weights)]
    return Case("onnx-named-inputs", log, [Ask(rows, {"image": images, "weight": weights})])
