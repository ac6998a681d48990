"""Trains and logs every model that this MLflow can log: `train.py OUTPUT.json`, with MLFLOW_TRACKING_URI."""

import sys

import cloudpickle

import columns
import hinted
import pyfuncs
from agents import agents
from boosting import boosted_trees
from linear import linear_models
from tensors import onnx_models
from train_and_log import train_and_log

for module in (columns, hinted, pyfuncs):
    # As if their models were of the program itself: where they are loaded, these files are not.
    cloudpickle.register_pickle_by_value(module)

cases = [
    *linear_models(),
    *boosted_trees(),
    *onnx_models(),
    *pyfuncs.python_models(),
    *columns.column_types(),
    *agents(),
]
train_and_log(cases, sys.argv[1])
