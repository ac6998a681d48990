import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { type Emulator, startEmulator } from "../../src/emulator/index.js";
import { getDeployClient } from "../../src/index.js";
import { inputCases, type InputCase, signatures } from "../fixtures/serving/input-table.js";
import { runScript, writePredictor } from "../fixtures/serving/python.js";
import { mlflow2Python, testPython } from "../support/python.js";

let directory: string;
let emulator: Emulator;
let expected: unknown[];
const endpoints: Record<string, string> = {};

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "input-table-"));
  expected = await expectedAnswers(testPython(), directory);
  emulator = await startEmulator({
    dataDir: join(directory, "emulator"),
    python: testPython(),
    record: join(inject("recordings"), "input-table.jsonl"),
    operationLatencyMs: 10,
  });
  await emulator.createBucket("acme-models", { location: "us-central1", project: "acme" });
  const client = getDeployClient("aiplatform", {
    config: { projectId: "acme", productionBucket: "acme-models", emulatorHost: emulator.host },
  });
  await Promise.all(
    Object.keys(signatures).map(async (name) => {
      const deployment = await client.createDeployment({ name, modelUri: join(directory, name) });
      endpoints[name] = deployment.endpoint!.id;
    }),
  );
});

afterAll(async () => {
  await emulator.stop();
  await rm(directory, { recursive: true });
});

/** Writes the models, and gives what `mlflow.pyfunc` answers on the data that each case means. */
async function expectedAnswers(python: string, models: string): Promise<unknown[]> {
  const cases = inputCases.map(({ model, data, params = null }) => ({ model, data, params }));
  const options = { python, args: [models], cwd: models };
  return (await runScript("echo_models.py", { models: signatures, cases }, options)) as unknown[];
}

const body = ({ instances, parameters }: InputCase) =>
  `{"instances":${instances}${parameters === undefined ? "" : `,"parameters":${parameters}`}}`;

async function ask(method: "predict" | "rawPredict", request: InputCase) {
  const url = `${emulator.url}/v1/projects/acme/locations/us-central1/endpoints/${endpoints[request.model]}:${method}`;
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body: body(request) });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const title = ({ model, instances, parameters = "" }: InputCase) => `${model}: ${instances} ${parameters}`;
const taken = inputCases.filter(({ refused }) => refused === undefined);
const refused = inputCases.filter((each) => each.refused !== undefined);
const carried = (each: InputCase) => !each.rawOnly;

describe("the model's server by itself, which rawPredict reaches", () => {
  it.each(taken.map((each) => [title(each), each] as const))("answers as mlflow.pyfunc: %s", async (_, each) => {
    const predictions = expected[inputCases.indexOf(each)];
    expect(await ask("rawPredict", each)).toEqual({ status: 200, body: { predictions } });
  });

  it.each(refused.map((each) => [title(each), each] as const))("refuses: %s", async (_, each) => {
    expect(await ask("rawPredict", each)).toEqual({
      status: 400,
      body: { error: { code: 400, message: each.refused, status: "INVALID_ARGUMENT" } },
    });
  });
});

describe("predict, which takes every number through google.protobuf.Value", () => {
  it.each(taken.filter(carried).map((each) => [title(each), each] as const))(
    "answers as mlflow.pyfunc: %s",
    async (_, each) => {
      const predictions = expected[inputCases.indexOf(each)];
      expect(await ask("predict", each)).toMatchObject({ status: 200, body: { predictions } });
    },
  );

  it.each(refused.filter(carried).map((each) => [title(each), each] as const))("refuses: %s", async (_, each) => {
    const { status, body } = await ask("predict", each);
    const { message } = body["error"] as { message: string };
    expect(status).toBe(400);
    expect(message).toContain(JSON.stringify(each.refused).slice(1, -1));
  });
});

it("is the same with MLflow 2.22, in one process", async () => {
  const models = join(directory, "mlflow-2");
  const modules = join(directory, "predictor");
  await writePredictor(modules);
  await mkdir(models);
  const answers = await expectedAnswers(mlflow2Python(), models);
  const requests = inputCases.map((each) => ({ model: join(models, each.model), body: body(each) }));
  const outcomes = (await runScript("ask_models.py", requests, { python: mlflow2Python(), modules })) as unknown[];
  const shown = inputCases.map((each, index) => ({ request: title(each), outcome: outcomes[index] }));
  expect(shown).toEqual(
    inputCases.map((each, index) => ({
      request: title(each),
      outcome: each.refused === undefined ? { predictions: answers[index] } : { BadRequest: each.refused },
    })),
  );
});
