import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runScript, writePredictor } from "../fixtures/serving/python.js";
import { serve, startServer } from "../fixtures/serving/server.js";

interface Request {
  instances: unknown[];
  parameters?: Record<string, unknown>;
}

let directory: string;
let modules: string;
let examples: Record<string, { request: Request }>;
const batching = { SERVING_MAX_BATCH_SIZE: "64", SERVING_MAX_BATCH_DELAY: "5" };

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "batching-"));
  modules = join(directory, "modules");
  await writePredictor(modules);
  await runScript("make_models.py", null, { args: [directory], cwd: directory });
  examples = JSON.parse(await readFile(join(directory, "examples.json"), "utf8"));
}, 120_000);
afterAll(() => rm(directory, { recursive: true, force: true }));

/** The answers to requests: to the first, and to all others at the same time. */
async function askTogether(requests: unknown[], model: string, environment: Record<string, string>, code = modules) {
  const server = await serve(code, { SERVING_MODEL_DIR: join(directory, model), ...environment });
  try {
    // by the first the model shows that it answers row by row
    const first = await server.predict(requests[0]);
    const others = await Promise.all(requests.slice(1).map((request) => server.predict(request)));
    return { answers: [first, ...others], log: server.log };
  } finally {
    await server.stop();
  }
}

describe("requests at the same time", () => {
  it.each(["iris", "untyped", "params", "tensor", "tensors", "type-hint", "mixed"])(
    "have the answers that they have alone, of the model %s",
    async (model) => {
      const { instances, parameters } = examples[model]?.request ?? { instances: [] };
      const requests = Array.from({ length: 40 }, (_, number) => ({
        instances: instances.slice(number % 2 === 0 ? 0 : -1),
        // one with parameters never shares a call
        ...(parameters && number % 3 === 0 && { parameters }),
      }));
      const wrong = { instances: "none" };
      const together = await askTogether([...requests, wrong], model, batching);
      const alone = await askTogether([...requests, wrong], model, {});
      expect(together.answers).toEqual(alone.answers);
      expect(together.answers.map(({ status }) => status)).toEqual([...requests.map(() => 200), 400]);
    },
    120_000,
  );

  /** Logs the rows of each call, fails for a negative row, and answers `rule` of an array. */
  const predictor = (rule: string) => `
import logging, time
class Predictor:
    @classmethod
    def from_path(cls, model_dir):
        return cls()
    def predict(self, instances):
        logging.getLogger("serving_runtime").info("asked for %d", len(instances))
        time.sleep(0.2)
        if (instances < 0).any():
            raise ValueError("a negative row")
        return ${rule}
`;
  const ask = async (rule: string, values: number[]) => {
    const own = await mkdtemp(join(directory, "own-"));
    await writeFile(join(own, "predictor.py"), predictor(rule));
    const requests = values.map((value) => ({ instances: [[value, value]] }));
    const { answers, log } = await askTogether(requests, "untyped", batching, own);
    const calls = log.flatMap((line) => /asked for (\d+)/.exec(line)?.slice(1).map(Number) ?? []);
    return { answers: answers.map(({ body }) => body), calls, log };
  };
  const modelFailed = {
    error: { code: 500, message: "Model raised ValueError: a negative row", status: "INTERNAL" },
  };

  it("go through a user's own predictor in fewer calls than there are requests", async () => {
    const { answers, calls } = await ask("instances.sum(axis=1)", [1, 2, 3, 4, 5, 6, 7, 8]);
    expect(answers).toEqual([2, 4, 6, 8, 10, 12, 14, 16].map((sum) => ({ predictions: [sum] })));
    expect(calls.reduce((sum, rows) => sum + rows, 0)).toBe(8);
    expect(calls.length).toBeLessThan(8);
  });

  it("are answered one by one where one of them fails, and only that one has the error", async () => {
    const { answers } = await ask("instances.sum(axis=1)", [1, 2, -1, 4, 5]);
    expect(answers).toEqual([{ predictions: [2] }, { predictions: [4] }, modelFailed, ...[8, 10].map(one)]);
  });

  it("are answered one by one where the model does not give an item for each row, which the log says", async () => {
    const { answers, log } = await ask("[float(instances.sum())]", [1, 2, 3, 4, 5, 6]);
    expect(answers).toEqual([2, 4, 6, 8, 10, 12].map(one));
    expect(log.join("\n")).toContain("the model does not give one item for each row");
  });
});

const one = (value: number) => ({ predictions: [value] });

it.each([
  [{ SERVING_MAX_BATCH_SIZE: "1" }, "SERVING_MAX_BATCH_SIZE is '1'; it must be a number of rows from 2 to 100000"],
  [{ SERVING_MAX_BATCH_DELAY: "5" }, "SERVING_MAX_BATCH_DELAY is set without SERVING_MAX_BATCH_SIZE"],
  [
    { SERVING_MAX_BATCH_SIZE: "8", SERVING_MAX_BATCH_DELAY: "1.5" },
    "SERVING_MAX_BATCH_DELAY is '1.5'; it must be a number of milliseconds from 0 to 10000",
  ],
])("%o ends the start with a reason", async (environment, reason) => {
  const start = await startServer(modules, { SERVING_MODEL_DIR: join(directory, "iris"), ...environment });
  expect(start.log.at(-1)).toContain(reason);
});
