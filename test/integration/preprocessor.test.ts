import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { readEventStream } from "../../src/core/event-stream.js";
import { runScript, writePredictor } from "../fixtures/serving/python.js";
import { serve } from "../fixtures/serving/server.js";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "preprocessor-"));
  await runScript("make_models.py", null, { args: [directory], cwd: directory });
}, 120_000);
afterAll(() => rm(directory, { recursive: true, force: true }));

const model = (name: string) => join(directory, name);

/** What models answer with the template's predictor and this preprocessor. */
async function ask(preprocessor: string, ...cases: [model: string, body: object][]): Promise<unknown> {
  const modules = await mkdtemp(join(directory, "modules-"));
  await writePredictor(modules, undefined, preprocessor);
  const requests = cases.map(([name, body]) => ({ model: model(name), body: JSON.stringify(body) }));
  return runScript("ask_models.py", requests, { modules });
}

describe("a preprocessor", () => {
  it("changes what the model gets, which the signature has read, and what it has answered", async () => {
    const code = `
class Preprocessor:
    def preprocess(self, instances):
        instances["x"] = instances["x"] * 10
        return instances

    def postprocess(self, predictions):
        return [{"scaled": value} for value in predictions]
`;
    const body = { instances: [[1], { x: 2 }], parameters: { factor: 3 } };
    expect(await ask(code, ["params", body], ["params", { instances: [["one"]] }])).toEqual([
      { predictions: [{ scaled: 30 }, { scaled: 60 }] },
      { BadRequest: 'instances[0]: column "x": expected double, got string "one"' },
    ]);
  });

  it("may have one of the two alone", async () => {
    const before = "class Preprocessor:\n    def preprocess(self, instances):\n        return -instances\n";
    const after = "class Preprocessor:\n    def postprocess(self, predictions):\n        return predictions + 1\n";
    const body = { instances: [[-1, -1, -2]] };
    expect(await ask(before, ["tensor", body])).toEqual([{ predictions: [2] }]);
    expect(await ask(after, ["tensor", { instances: [[1, 1, 2]] }])).toEqual([{ predictions: [3] }]);
  });

  it("gets the rows as they came with raw_inputs; lists that it returns, and parameters, are read by the signature", async () => {
    const code = `
class Preprocessor:
    raw_inputs = True

    def preprocess(self, instances):
        return [[float(text.rstrip("cm"))] for text in instances]
`;
    const body = { instances: ["1cm", "2.5cm"], parameters: { factor: 2.0 } };
    expect(await ask(code, ["params", body], ["params", { ...body, parameters: { factor: "two" } }])).toEqual([
      { predictions: [2, 5] },
      { BadRequest: expect.stringContaining('"factor"') as string },
    ]);
  });

  it("is made by its from_path with the model's directory, where it has one", async () => {
    const code = `
import os

class Preprocessor:
    def __init__(self, files):
        self.files = files

    @classmethod
    def from_path(cls, model_dir):
        return cls(os.listdir(model_dir))

    def postprocess(self, predictions):
        return ["MLmodel" in self.files]
`;
    expect(await ask(code, ["tensor", { instances: [[1, 2, 3]] }])).toEqual([{ predictions: [true] }]);
  });

  it("refuses an input by MLflow's error, and fails as the model does by any other", async () => {
    const code = `
from mlflow.exceptions import MlflowException

class Preprocessor:
    def preprocess(self, instances):
        if instances[0][0] == 1:
            raise MlflowException.invalid_parameter_value("no ones")
        raise KeyError("table")
`;
    const cases = [1, 2].map((first): [string, object] => ["tensor", { instances: [[first, 2, 3]] }]);
    expect(await ask(code, ...cases)).toEqual([
      { BadRequest: "MLflow refuses the input: no ones" },
      { ModelError: "Model raised KeyError: 'table'" },
    ]);
  });

  it("does not load with neither of the two", async () => {
    expect(await ask("class Preprocessor: ...", ["tensor", { instances: [[1, 2, 3]] }])).toEqual([
      { TypeError: "the preprocessor Preprocessor has neither preprocess nor postprocess" },
    ]);
  });
});

describe("a preprocessor of a model that streams", () => {
  async function stream(preprocessor: string): Promise<unknown> {
    const modules = await mkdtemp(join(directory, "modules-"));
    await writePredictor(modules, undefined, preprocessor);
    const server = await serve(modules, { SERVING_MODEL_DIR: model("stream") });
    try {
      const body = JSON.stringify({ instances: [1], stream: true });
      const response = await fetch(`${server.url}/invocations`, { method: "POST", body });
      if (!response.ok) return await response.json();
      const parts: unknown[] = [];
      for await (const part of readEventStream(response.body!, "The model")) parts.push(part);
      return parts;
    } finally {
      await server.stop();
    }
  }

  it("changes each part by postprocess_part", async () => {
    const code = `
class Preprocessor:
    def preprocess(self, instances):
        return instances + 1

    def postprocess(self, predictions):
        return "not this one"

    def postprocess_part(self, part):
        return part["number"] * 100
`;
    expect(await stream(code)).toEqual([0, 100]);
  });

  it("refuses a stream that it could not finish as it does an answer", async () => {
    const code = "class Preprocessor:\n    def postprocess(self, predictions):\n        return predictions\n";
    expect(await stream(code)).toMatchObject({
      error: { code: 400, message: 'the preprocessor has postprocess but no postprocess_part; leave "stream" out' },
    });
  });
});
