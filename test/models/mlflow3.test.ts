import { modelsPython } from "../support/python.js";
import { describeModels } from "./suite.js";

describeModels("MLflow 3", {
  python: modelsPython,
  program: "train.py",
  models: {
    "sklearn-skops": "version",
    "sklearn-cloudpickle": "run",
    "sklearn-text-and-categories": "alias",
    statsmodels: "id",
    xgboost: "version",
    "xgboost-classifier": "run",
    lightgbm: "alias",
    catboost: "id",
    onnx: "version",
    "onnx-named-inputs": "run",
    "code-artifacts-and-params": "alias",
    "model-from-code": "id",
    "type-hint-of-strings": "version",
    "type-hint-of-objects": "run",
    "type-hint-of-anything": "alias",
    "types-of-answers": "id",
    "without-signature": "alias",
    "objects-without-signature": "id",
    "column-types": "version",
    "nested-columns": "run",
    "chat-model": "alias",
    "chat-agent": "id",
    "responses-agent": "version",
  },
});
