import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { readEventStream } from "../../src/core/event-stream.js";
import { runScript, writePredictor } from "../fixtures/serving/python.js";
import { type RunningServer, serve } from "../fixtures/serving/server.js";

let directory: string;
let server: RunningServer;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "stream-"));
  await writePredictor(join(directory, "modules"));
  await runScript("make_models.py", null, { args: [directory], cwd: directory });
  server = await serve(join(directory, "modules"), { SERVING_MODEL_DIR: join(directory, "stream") });
}, 120_000);

afterAll(async () => {
  await server.stop();
  await rm(directory, { recursive: true, force: true });
});

const ask = (body: object, signal?: AbortSignal, url = server.url) =>
  fetch(`${url}/invocations`, { method: "POST", body: JSON.stringify(body), signal: signal ?? null });

/** The values of a streamed answer, and how it failed. */
async function streamed(body: object): Promise<{ values: unknown[]; failure: unknown }> {
  const response = await ask(body);
  expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  const values: unknown[] = [];
  try {
    for await (const value of readEventStream(response.body!, "The model")) values.push(value);
  } catch (failure) {
    return { values, failure };
  }
  return { values, failure: null };
}

describe("a model with predict_stream, asked for a stream", () => {
  it("answers part by part, with null where JSON has no number", async () => {
    expect(await streamed({ instances: [3], stream: true })).toEqual({
      values: [
        { number: 0, share: null },
        { number: 1, share: 1 },
        { number: 2, share: 0.5 },
      ],
      failure: null,
    });
    expect(await streamed({ instances: [0], stream: true })).toEqual({ values: [], failure: null });
    expect(server.log).not.toContain("INFO serving_runtime: a client left its stream");
  });

  it("answers several rows one after the other", async () => {
    const { values } = await streamed({ instances: [{ to: 1 }, { to: 2 }], stream: true });
    expect(values.map((value) => (value as { number: number }).number)).toEqual([0, 0, 1]);
  });

  it("gives the parts before it fails, and then the reason", async () => {
    const { values, failure } = await streamed({ instances: [3], parameters: { fail_at: 2 }, stream: true });
    expect(values).toHaveLength(2);
    expect(failure).toMatchObject({
      code: "INTERNAL_ERROR",
      message: "The model ended its stream with an error: Model raised ValueError: cannot count on",
    });
  });

  it("is refused as any other request when it fails at once", async () => {
    const failed = await ask({ instances: [3], parameters: { fail_at: 0 }, stream: true });
    expect([failed.status, await failed.json()]).toEqual([
      500,
      { error: { code: 500, message: "Model raised ValueError: cannot count on", status: "INTERNAL" } },
    ]);
    const unfit = await ask({ instances: ["three"], stream: true });
    expect(unfit.status).toBe(400);
  });

  it("stops the model when the client goes away", async () => {
    const ended = join(directory, "ended");
    const client = new AbortController();
    const response = await ask({ instances: [1e9], parameters: { ended }, stream: true }, client.signal);
    const { value } = await response.body!.getReader().read();
    expect(Buffer.from(value as Uint8Array).toString()).toMatch(/^data: \{"number":0/);
    expect(existsSync(ended)).toBe(false);
    client.abort();
    const isLogged = () => server.log.includes("INFO serving_runtime: a client left its stream");
    const deadline = Date.now() + 30_000;
    while (!(existsSync(ended) && isLogged()) && Date.now() < deadline) await sleep(20);
    expect([existsSync(ended), isLogged()]).toEqual([true, true]);
  });

  it("answers as ever when it is not asked for one", async () => {
    expect(await server.predict({ instances: [3, 4], stream: false })).toEqual({
      status: 200,
      body: { predictions: [3, 4] },
    });
  });
});

describe("a stream is refused", () => {
  const body = { instances: [1], stream: true };

  it("by a model without predict_stream, and by a predictor without it", async () => {
    const own = join(directory, "own");
    await writePredictor(own);
    await writeFile(
      join(own, "predictor.py"),
      "class Predictor:\n    raw_inputs = True\n    @classmethod\n    def from_path(cls, model_dir):\n        return cls()\n    def predict(self, instances):\n        return instances\n",
    );
    for (const [modules, model] of [
      [join(directory, "modules"), "params"],
      [own, "stream"],
    ] as const) {
      const other = await serve(modules, { SERVING_MODEL_DIR: join(directory, model) });
      expect(await other.predict(body)).toEqual({
        status: 400,
        body: {
          error: {
            code: 400,
            message: 'the model does not stream: it has no predict_stream; leave "stream" out',
            status: "INVALID_ARGUMENT",
          },
        },
      });
      await other.stop();
    }
  });

  it("when it is asked for by what is no boolean", async () => {
    expect(await server.predict({ ...body, stream: "yes" })).toMatchObject({
      status: 400,
      body: { error: { message: '"stream" must be true or false, got string "yes"' } },
    });
  });
});
