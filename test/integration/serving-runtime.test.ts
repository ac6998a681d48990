import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fakeStorage } from "../fixtures/serving/fake-storage.js";
import type { FakeStorage } from "../fixtures/serving/fake-storage.js";
import { runScript, writePredictor } from "../fixtures/serving/python.js";
import { serve, startServer } from "../fixtures/serving/server.js";
import type { RunningServer } from "../fixtures/serving/server.js";

interface Example {
  request: { instances: unknown[]; parameters?: Record<string, unknown> };
  predictions: unknown[];
}

let directory: string;
let modules: string;
let examples: Record<string, Example>;
const model = (name: string): string => join(directory, name);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "serving-runtime-"));
  modules = join(directory, "modules");
  await writePredictor(modules);
  await runScript("make_models.py", null, { args: [directory], cwd: directory });
  examples = JSON.parse(await readFile(join(directory, "examples.json"), "utf8"));
}, 120_000);
afterAll(() => rm(directory, { recursive: true, force: true }));

/** An answer with this status and message, in Google's shape. */
function error(code: number, message: string, status: string): object {
  return { status: code, body: { error: { code, message, status } } };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error("it did not happen within 30 s");
    await sleep(20);
  }
}

describe("a loaded model", () => {
  const ask = async (...requests: { model: string; body: string }[]): Promise<unknown> =>
    runScript("ask_models.py", requests, { modules });

  it("predicts what mlflow.pyfunc does: rows, arrays, parameters, tensors, type hints", async () => {
    const names = Object.keys(examples);
    const requests = names.map((name) => ({
      model: model(name),
      body: JSON.stringify(examples[name]?.request),
    }));
    expect(names).toEqual(["iris", "untyped", "params", "tensor", "tensors", "type-hint", "mixed"]);
    expect(await ask(...requests)).toEqual(names.map((name) => ({ predictions: examples[name]?.predictions })));
  });

  it("refuses a body that is no request", async () => {
    const refusals: [body: string, message: string][] = [
      ["", "the request body is not JSON: Expecting value: line 1 column 1 (char 0)"],
      ['{"instances":[NaN]}', "the request body is not JSON: NaN is not a JSON value"],
      ["[1]", 'the request body must be an object with "instances", got an array of 1 value'],
      ["{}", 'the request has no "instances"; it has nothing'],
      ['{"inputs":[1]}', 'the request has no "instances"; it has "inputs"'],
      ['{"instances":{"a":1}}', '"instances" must be an array, got an object'],
      ['{"instances":[]}', '"instances" is empty; send at least one'],
      ['{"instances":[1],"params":{}}', 'unknown "params"; a request has "instances" and "parameters"'],
      ['{"instances":[1],"parameters":[]}', '"parameters" must be an object, got an array of 0 values'],
    ];
    const requests = refusals.map(([body]) => ({ model: model("tensor"), body }));
    expect(await ask(...requests)).toEqual(refusals.map(([, message]) => ({ BadRequest: message })));
  });

  /** Asks with a predictor of the user's, beside which the template's is the module `stock`. */
  const askOwn = async (predictor: string, body: string): Promise<unknown> => {
    const own = await mkdtemp(join(directory, "own-"));
    await writeFile(join(own, "stock.py"), await writePredictor(own));
    await writeFile(join(own, "predictor.py"), predictor);
    return runScript("ask_models.py", [{ model: model("tensor"), body }], { modules: own });
  };

  it("passes a request as it came to a predictor of the user's with raw_inputs", async () => {
    const predictor = `
class Predictor:
    raw_inputs = True

    @classmethod
    def from_path(cls, model_dir):
        return cls()

    def predict(self, instances, **parameters):
        return [instances, parameters]
`;
    const body = '{"instances":[{"a":1},2],"parameters":{"b":true}}';
    expect(await askOwn(predictor, body)).toEqual([{ predictions: [[{ a: 1 }, 2], { b: true }] }]);
  });

  it("lets the template's predictor preprocess, and makes an array of plain lists", async () => {
    const predictor = `
import stock

class Negate:
    def preprocess(self, instances):
        return -instances

class Model:
    def predict(self, data):
        return data.tolist()

class Predictor(stock.Predictor):
    raw_inputs = True

    @classmethod
    def from_path(cls, model_dir):
        return cls(Model(), Negate())
`;
    expect(await askOwn(predictor, '{"instances":[[1,2]]}')).toEqual([{ predictions: [[-1, -2]] }]);
  });

  it("takes MLflow's INVALID_PARAMETER_VALUE for the client's error", async () => {
    const predictor = `
import stock
from mlflow.exceptions import MlflowException

class Predictor(stock.Predictor):
    def predict(self, instances, **parameters):
        raise MlflowException.invalid_parameter_value("no such\\nplace")
`;
    expect(await askOwn(predictor, '{"instances":[[1,2,3]]}')).toEqual([
      { BadRequest: "MLflow refuses the input: no such place" },
    ]);
  });
});

describe("the predictor's template", () => {
  it("names the artifacts' URI for the legacy platform only", async () => {
    const uri = 'gs://acme/it\'s a "model"/model';
    expect(await writePredictor(join(directory, "legacy"), uri)).toContain(
      `\nMODEL_ARTIFACT_URI = ${JSON.stringify(uri)}\n`,
    );
    expect(await writePredictor(modules)).not.toContain("MODEL_ARTIFACT_URI");
  });
});

describe("a server", () => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await serve(modules, { AIP_STORAGE_URI: pathToFileURL(model("params")).href });
  }, 60_000);
  afterAll(() => server.stop());

  it("answers predictions, in the contract's shape", async () => {
    const { request, predictions } = examples["params"]!;
    expect(await server.predict(request)).toEqual({ status: 200, body: { predictions } });
  });

  it("answers 400 with Google's shape for what does not fit", async () => {
    expect(await server.predict({ instances: [{ x: 1 }, { x: "abc" }] })).toEqual(
      error(400, 'instances[1]: column "x": expected double, got string "abc"', "INVALID_ARGUMENT"),
    );
  });

  it("answers 500 in one line when the model fails, and logs the traceback", async () => {
    expect(await server.predict({ instances: [-1] })).toEqual(
      error(500, "Model raised ValueError: negative input", "INTERNAL"),
    );
    await until(() => server.log.includes("ValueError: negative"));
    expect(server.log).toContain("ERROR serving_runtime: Model raised ValueError: negative input");
    expect(server.log).toContain("Traceback (most recent call last):");
  });

  it("answers 404 and 405 with Google's shape", async () => {
    const get = async (path: string): Promise<object> => {
      const response = await fetch(server.url + path);
      return { status: response.status, body: await response.json() };
    };
    expect(await get("/nope")).toEqual(error(404, "GET /nope: Not Found", "NOT_FOUND"));
    expect(await get("/invocations")).toEqual(error(405, "GET /invocations: Method Not Allowed", "UNIMPLEMENTED"));
  });

  it("is healthy while it predicts, and finishes a prediction before SIGTERM ends it", async () => {
    const gate = join(directory, "gate");
    const answer = server.predict({ instances: [1], parameters: { wait_for: gate } });
    await until(() => existsSync(`${gate}.started`));
    expect((await fetch(`${server.url}/ping`)).status).toBe(200);

    const exit = server.stop();
    await until(async () => !(await fetch(`${server.url}/ping`).catch(() => null)));
    await writeFile(gate, "");
    expect(await answer).toEqual({ status: 200, body: { predictions: [2] } });
    expect(await exit).toEqual({ code: 0, signal: null });
    expect(server.log.at(-1)).toBe("INFO serving_runtime: stopped by SIGTERM");
  });
});

describe("a server of a gs:// model", () => {
  let storage: FakeStorage;
  beforeAll(async () => {
    storage = await fakeStorage();
    await storage.addDirectory("acme", "models/iris", model("iris"));
    storage.add("acme", "models/iris-2/MLmodel", Buffer.from("another model"));
  });
  afterAll(() => storage.close());

  it("serves the objects under AIP_STORAGE_URI on the routes that it is told", async () => {
    const server = await serve(modules, {
      AIP_STORAGE_URI: "gs://acme/models/iris",
      AIP_HEALTH_ROUTE: "/health",
      AIP_PREDICT_ROUTE: "/v1:predict",
      STORAGE_EMULATOR_HOST: storage.url,
    });
    const { request, predictions } = examples["iris"]!;
    const response = await fetch(`${server.url}/v1:predict`, {
      method: "POST",
      body: JSON.stringify(request),
    });
    expect(await response.json()).toEqual({ predictions });
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
    await server.stop();
    expect(storage.authorizations).toEqual([]);
    expect(storage.read).toContain("models/iris/MLmodel");
    expect(storage.read.filter((name) => !name.startsWith("models/iris/"))).toEqual([]);
  }, 60_000);

  const start = async (uri: string): Promise<object> => {
    const started = await startServer(modules, {
      AIP_STORAGE_URI: uri,
      STORAGE_EMULATOR_HOST: storage.url,
    });
    return "exit" in started ? { code: started.exit.code, reason: started.log.at(-1) } : started;
  };

  it("does not start when an object's name leads out of the model's directory", async () => {
    storage.add("acme", "evil/../../escaped", Buffer.from("x"));
    expect(await start("gs://acme/evil")).toEqual({
      code: 1,
      reason:
        "ERROR serving_runtime: cannot start: the object 'evil/../../escaped' cannot be a file of the model: its name leads out of the directory",
    });
  });

  it("does not start from an object that arrives damaged", async () => {
    storage.add("acme", "damaged/MLmodel", Buffer.from("flavors: {}"), "AAAAAA==");
    expect(await start("gs://acme/damaged")).toEqual({
      code: 1,
      reason: expect.stringContaining("could not load the model of gs://acme/damaged: DataCorruption"),
    });
  });

  it("does not start when nothing is there", async () => {
    expect(await start("gs://acme/nothing")).toEqual({
      code: 1,
      reason:
        "ERROR serving_runtime: cannot start: there are no objects under gs://acme/nothing/; check the model's artifactUri",
    });
  });
});

describe("a server that cannot start", () => {
  const reason = async (environment: Record<string, string>, predictor = modules): Promise<unknown> => {
    const started = await startServer(predictor, environment);
    if (!("exit" in started)) throw new Error("it started");
    expect(started.exit).toEqual({ code: 1, signal: null });
    return started.log.at(-1);
  };

  it("says which setting is missing or wrong", async () => {
    expect(await reason({ AIP_STORAGE_URI: "" })).toBe(
      "ERROR serving_runtime: cannot start: no model to serve: set AIP_STORAGE_URI (a gs:// prefix; on Vertex AI it comes from the model's artifactUri), or SERVING_MODEL_DIR (a directory)",
    );
    expect(await reason({ SERVING_MODEL_DIR: directory, AIP_HTTP_PORT: "eighty" })).toBe(
      "ERROR serving_runtime: cannot start: AIP_HTTP_PORT is 'eighty'; it must be a number from 0 to 65535",
    );
  });

  it("says which model could not be loaded, and why", async () => {
    expect(await reason({ SERVING_MODEL_DIR: modules })).toBe(
      `ERROR serving_runtime: cannot start: could not load the model of ${modules}: MlflowException: Could not find an "MLmodel" configuration file at "${modules}/MLmodel". The traceback above says where.`,
    );
  });

  it("says which setting packs the preprocessor that a predictor imports", async () => {
    const own = await mkdtemp(join(directory, "predictor-"));
    await writeFile(join(own, "predictor.py"), "from preprocessor import Preprocessor\n");
    expect(await reason({ SERVING_MODEL_DIR: model("iris") }, own)).toMatch(
      /No module named 'preprocessor'. Is its file named by the setting preprocessor\?$/,
    );
  });
});
