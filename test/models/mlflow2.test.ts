import { mlflow2Python } from "../support/python.js";
import { describeModels } from "./suite.js";

// MLflow 2.22 has no skops, no logged models and no ResponsesAgent.
describeModels("MLflow 2.22", {
  python: mlflow2Python,
  program: "train.py",
  models: {
    "sklearn-cloudpickle": "run",
    "sklearn-text-and-categories": "alias",
    statsmodels: "version",
    xgboost: "run",
    "xgboost-classifier": "alias",
    lightgbm: "version",
    catboost: "run",
    onnx: "alias",
    "onnx-named-inputs": "version",
    "code-artifacts-and-params": "run",
    "model-from-code": "alias",
    "type-hint-of-strings": "version",
    "type-hint-of-objects": "run",
    "type-hint-of-anything": "alias",
    "types-of-answers": "version",
    "without-signature": "alias",
    "objects-without-signature": "version",
    "column-types": "run",
    "nested-columns": "alias",
    "chat-model": "version",
    "chat-agent": "run",
  },
});
