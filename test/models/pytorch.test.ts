import { torchPython } from "../support/python.js";
import { describeModels } from "./suite.js";

// By npm run test:models only.
describeModels("MLflow 3 and PyTorch", {
  python: torchPython,
  program: "train_pytorch.py",
  models: { "pytorch-pickled": "version", "pytorch-exported": "alias" },
});
