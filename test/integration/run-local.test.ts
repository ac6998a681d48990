import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";

import { predictWithMlflow } from "../../scripts/demo/iris-model.js";
import { isProcessAlive } from "../../src/core/process-alive.js";
import { type LocalServer, type ProgressEvent, runLocal } from "../../src/index.js";
import { testPython } from "../support/python.js";

const flowers = [
  [5.1, 3.5, 1.4, 0.2],
  [6.2, 2.9, 4.3, 1.3],
];
const modelUri = "models:/iris@champion";

/** A predictor that says what its process is like, and stops it when asked to. */
const spy = `
import os, sys

class Predictor:
    raw_inputs = True

    @classmethod
    def from_path(cls, model_dir):
        print("a spy is here")
        return cls()

    def predict(self, instances):
        if instances == ["exit"]:
            print("going down")
            sys.stdout.flush()
            os._exit(3)
        return [[os.getpid(), os.environ.get(name)] for name in instances]
`;

let directory: string;
let config: { trackingUri: string; python: string; tmpDir: string };

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "run-local-"));
  await writeFile(join(directory, "spy.py"), spy);
  await mkdir(join(directory, "work"));
  config = { trackingUri: inject("trackingUri"), python: testPython(), tmpDir: join(directory, "work") };
});

afterAll(() => rm(directory, { recursive: true }));

const left = () => readdir(config.tmpDir);

describe.each(["aiplatform", "local"] as const)("runLocal of the target %s", (target) => {
  it("serves what MLflow itself answers, and leaves nothing", async () => {
    const events: ProgressEvent[] = [];
    const onProgress = (event: ProgressEvent) => events.push(event);
    let server: LocalServer;
    {
      await using served = await runLocal(target, { name: "tester", modelUri, config, onProgress });
      server = served;
      const { predictions } = await served.predict({ inputs: flowers });
      const where = { python: testPython(), trackingUri: inject("trackingUri") };
      expect(predictions).toEqual(await predictWithMlflow(modelUri, flowers, where));
      expect(served.url).toBe(`http://127.0.0.1:${served.port}`);
      expect(served.logs().at(-1)).toMatch(/^INFO serving_runtime: serving /);
      await expect(served.predict({ inputs: [[1, 2, "three", 4]] })).rejects.toMatchObject({
        code: "INVALID_PARAMETER_VALUE",
        message: expect.stringMatching(/instances\[0\].*petal length \(cm\).*three/) as string,
      });
      // it arrives as it is, and the model is what refuses it
      await expect(served.predict({ inputs: [[NaN, 2, 3, 4]] })).rejects.toThrow("Input X contains NaN");
    }
    expect(await server.exited).toEqual({ stopped: true, lastLines: [] });
    await server.stop();
    await expect(server.predict({ inputs: flowers })).rejects.toMatchObject({ code: "TEMPORARILY_UNAVAILABLE" });
    expect(await left()).toEqual([]);
    const done = events.flatMap((event) => (event.type === "step" && event.status === "done" ? [event.step] : []));
    // described, and then brought here
    expect(done).toEqual(["resolve", "bundle", "resolve", "deploy"]);
  });

  it("gives the process what env says, and none of this one's credentials", async () => {
    process.env["MLFLOW_TRACKING_TOKEN"] = "secret";
    try {
      const own = { ...config, predictionScript: join(directory, "spy.py"), env: { COLOUR: "blue" } };
      await using server = await runLocal(target, { name: "spy", modelUri, config: own });
      const { predictions } = await server.predict({ inputs: ["COLOUR", "MLFLOW_TRACKING_TOKEN"] });
      expect(predictions).toEqual([
        [expect.any(Number), "blue"],
        [expect.any(Number), null],
      ]);
      const [[pid]] = predictions as [[number, string]];
      await server.stop();
      expect(isProcessAlive(pid)).toBe(false);
    } finally {
      delete process.env["MLFLOW_TRACKING_TOKEN"];
    }
  });

  it("says what a server said last that ended by itself, and clears up after it", async () => {
    const own = { ...config, predictionScript: join(directory, "spy.py") };
    const server = await runLocal(target, { name: "spy", modelUri, config: own });
    await expect(server.predict({ inputs: ["exit"] })).rejects.toMatchObject({ code: "TEMPORARILY_UNAVAILABLE" });
    const { stopped, lastLines } = await server.exited;
    expect(stopped).toBe(false);
    expect(lastLines.at(-1)).toBe("going down");
    expect(await left()).toEqual([]);
  });

  it("fails with the last lines of a server that does not start, and leaves nothing", async () => {
    const script = join(directory, "broken.py");
    await writeFile(script, spy.replace("import os", "import missing_module, os"));
    const failed = runLocal(target, { name: "broken", modelUri, config: { ...config, predictionScript: script } });
    await expect(failed).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("No module named 'missing_module'") as string,
    });
    expect(await left()).toEqual([]);
  });

  it("refuses a port that is taken before it does anything", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as { port: number };
    await expect(runLocal(target, { name: "tester", modelUri: "models:/none/1", config, port })).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: `Port ${port} of 127.0.0.1 is in use. Choose another one, or 0 for any that is free.`,
    });
    other.close();
  });

  it("is stopped by its signal while it starts, and leaves nothing", async () => {
    const controller = new AbortController();
    const onProgress = (event: ProgressEvent) => {
      if (event.type === "log" && event.line.includes("a spy is here")) controller.abort();
    };
    const own = { ...config, predictionScript: join(directory, "spy.py") };
    const options = { name: "spy", modelUri, config: own, signal: controller.signal, onProgress };
    await expect(runLocal(target, options)).rejects.toMatchObject({ code: "CANCELLED" });
    expect(existsSync(config.tmpDir)).toBe(true);
    expect(await left()).toEqual([]);
  });
});
