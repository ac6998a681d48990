import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import * as vitest from "vitest";
import { beforeAll } from "vitest";

import { getDeployClient, type LocalConfig, runLocal } from "../../src/index.js";
import { describeTarget } from "../../src/testing/index.js";
import { setUpModels } from "../support/conformance-setup.js";
import { testPython } from "../support/python.js";

const { directory, withModels } = setUpModels();
const config = () => ({ dataDir: join(directory(), "local"), python: testPython() });
const script = () => join(directory(), "plain.py");

/** Does what the template's does, but for streams. */
const plainPredictor = `
import mlflow.pyfunc

class Predictor:
    def __init__(self, model, preprocessor=None):
        self.model = model

    def predict(self, instances, **kwargs):
        return self.model.predict(instances)

    @classmethod
    def from_path(cls, model_dir):
        return cls(mlflow.pyfunc.load_model(model_dir))
`;

beforeAll(() => writeFile(script(), plainPredictor));

describeTarget<LocalConfig>(
  withModels({
    name: "local",
    createClient: () => getDeployClient("local", { config: config() }),
    runLocal: (options) => runLocal("local", { ...options, config: { ...options.config, ...config() } }),
    capabilities: ["predictStream", "logs", "plan", "diagnose", "runLocal"],
    badInputs: [[1, 2]],
    get otherConfig() {
      return { predictionScript: script() };
    },
    streamParts: [6, 4.25],
  }),
  vitest,
);
