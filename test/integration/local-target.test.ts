import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";

import { predictWithMlflow } from "../../scripts/demo/iris-model.js";
import { localFiles } from "../../src/core/model-files.js";
import { isProcessAlive } from "../../src/core/process-alive.js";
import { type Deployment, getDeployClient, type LocalClient, type LocalConfig } from "../../src/index.js";
import { MlflowModelResolver } from "../../src/mlflow/model-resolver.js";
import { freePort } from "../../src/runtime/process.js";
import type { SupervisorState } from "../../src/targets/local/state/supervisor-state.js";
import { testPython } from "../support/python.js";

const script = fileURLToPath(new URL("../support/call-local.ts", import.meta.url));
const flowers = [
  [5.1, 3.5, 1.4, 0.2],
  [6.2, 2.9, 4.3, 1.3],
  [7.7, 3.0, 6.1, 2.3],
];
const request = { name: "tester", modelUri: "models:/iris@champion" };

/** A predictor that answers with its version and process, after a moment, and in parts when it is asked for a stream. */
const predictor = (version: number) => `
import os, time

class Predictor:
    raw_inputs = True

    @classmethod
    def from_path(cls, model_dir):
        print("version ${version} is loaded")
        return cls()

    def predict(self, instances):
        if instances == ["crash"]:
            os._exit(3)
        if instances == ["refuse"]:
            from mlflow.exceptions import MlflowException
            raise MlflowException.invalid_parameter_value("not this one")
        time.sleep(0.05)
        return [[${version}, os.getpid(), os.environ.get(each)] for each in instances]

    def predict_stream(self, instances):
        for each in range(3):
            yield {"version": ${version}, "part": each}
        if instances == ["fail"]:
            raise RuntimeError("half way")
`;

let directory: string;
let dataDir: string;
let modelDirectory: string;
let config: LocalConfig;
let client: LocalClient;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "local-target-"));
  dataDir = join(directory, "data");
  modelDirectory = join(directory, "model");
  const resolver = new MlflowModelResolver({ trackingUri: inject("trackingUri") });
  const copied = await resolver.resolve(
    { modelUri: request.modelUri, directory: modelDirectory },
    { report: () => {} },
  );
  await localFiles(copied, copied.files, { report: () => {} });
  for (const version of [1, 2, 3]) await writeFile(join(directory, `v${version}.py`), predictor(version));
  await writeFile(join(directory, "broken.py"), `import missing_module\n${predictor(9)}`);
  config = { dataDir, python: testPython(), trackingUri: inject("trackingUri") };
  client = getDeployClient("local", { config });
});

afterAll(async () => {
  for (const { name } of await client.listDeployments()) await client.deleteDeployment({ name });
  await rm(directory, { recursive: true });
});

/** Calls a method in another process, which ends before this resolves. */
async function elsewhere<T>(method: keyof LocalClient, options: object): Promise<T> {
  const args = ["--import", "tsx", script, method, JSON.stringify({ config, ...options })];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as T;
}

const scriptOf = (version: number | "broken") => join(directory, version === "broken" ? "broken.py" : `v${version}.py`);

/** Deploys a predictor of its own, and a function that asks it. */
async function deploy(name: string, version: number, extra: LocalConfig = {}) {
  const own = { predictionScript: scriptOf(version), ...extra };
  await client.createDeployment({ name, modelUri: modelDirectory, config: own });
  return (inputs: unknown[] = [""]) => client.predict({ deploymentName: name, inputs });
}

/** The processes of a deployment: its supervisor and the one that serves. */
async function processesOf(name: string): Promise<{ supervisor: number; server: number }> {
  const { predictions } = await client.predict({ deploymentName: name, inputs: [""] });
  const [[, server]] = predictions as [[number, number]];
  return { supervisor: (await stateOf(name)).pid, server };
}

async function stateOf(name: string): Promise<SupervisorState> {
  const [slug] = (await readdir(join(dataDir, "deployments"))).filter((each) => each.startsWith(`${name}-`));
  return JSON.parse(await readFile(join(dataDir, "deployments", slug!, "supervisor.json"), "utf8")) as SupervisorState;
}

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`it did not happen within 60 s: ${what}`);
    await sleep(50);
  }
}

describe("a model deployed by a program that has ended", () => {
  let deployment: Deployment & { changed: boolean };
  beforeAll(async () => {
    deployment = await elsewhere("createDeployment", { ...request, message: "first of all" });
  });

  it("answers the next program what it answers in MLflow", async () => {
    expect(deployment).toMatchObject({
      name: "tester",
      flavor: null,
      state: "ready",
      changed: true,
      trafficPercent: 100,
      model: { source: request.modelUri },
      history: [{ action: "create", outcome: "succeeded", message: "first of all" }],
    });
    const { predictions, deployedModelId } = await client.predict({ deploymentName: "tester", inputs: flowers });
    const where = { python: testPython(), trackingUri: inject("trackingUri") };
    expect(predictions).toEqual(await predictWithMlflow(request.modelUri, flowers, where));
    expect(deployedModelId).toBe(deployment.deployedModels[0]?.id);
  });

  it("is found, listed, and the same again by another URI of the same model", async () => {
    const { changed, ...expected } = deployment;
    expect(changed).toBe(true);
    expect(await client.getDeployment({ name: "tester" })).toEqual(expected);
    expect(await elsewhere("listDeployments", {})).toMatchObject([{ name: "tester", state: "ready", history: [] }]);
    for (const modelUri of [`runs:/${inject("runId")}/model`, `models:/${inject("modelId")}`]) {
      expect(await client.createDeployment({ ...request, modelUri })).toEqual({ ...expected, changed: false });
    }
    expect(await client.planDeployment(request)).toMatchObject({ action: "none", differences: [], steps: [] });
  });

  it("stays as it is when another model or other settings are to have its name", async () => {
    const retrained = join(directory, "retrained");
    await cp(modelDirectory, retrained, { recursive: true });
    await writeFile(join(retrained, "notes.txt"), "retrained");
    const other = client.createDeployment({ ...request, modelUri: retrained, config: { env: { SECRET: "s3cret" } } });
    await expect(other).rejects.toMatchObject({ code: "RESOURCE_ALREADY_EXISTS" });
    await expect(other).rejects.toThrow(/model: models:\/iris@champion → .*retrained; env: \{\} → \{"SECRET":"sha256:/);
    await expect(other).rejects.not.toThrow(/s3cret/);
    const plan = await client.planDeployment({ ...request, modelUri: retrained });
    expect(plan).toMatchObject({
      action: "update",
      steps: [{ step: "resolve" }, { step: "bundle", action: "skip" }, {}],
    });
    expect(plan.differences).toEqual([expect.stringMatching(/^model: /)]);
  });

  it("refuses rows that do not fit, and says which", async () => {
    const wrong = client.predict({ deploymentName: "tester", inputs: [flowers[0], [1, 2, "three", 4]] });
    await expect(wrong).rejects.toMatchObject({ code: "INVALID_PARAMETER_VALUE" });
    await expect(wrong).rejects.toThrow(/^instances\[1\].*petal length \(cm\).*three/);
    const unchecked = {
      deploymentName: "tester",
      inputs: [flowers[0], [1, 2, "three", 4]],
      config: { checkInputs: false },
    };
    await expect(client.predict(unchecked)).rejects.toThrow(
      /The deployment "tester" refuses .* instances\[1\].*petal length \(cm\).*three/,
    );
    const stream = client.predictStream({ deploymentName: "tester", inputs: flowers });
    await expect(stream.next()).rejects.toMatchObject({ code: "INVALID_PARAMETER_VALUE" });
  });

  it("keeps its own copy of the model, and all of it to its owner", async () => {
    const state = await stateOf("tester");
    expect(state.pid).not.toBe(process.pid);
    const [slug] = await readdir(join(dataDir, "deployments"));
    const modes = ["", "deployment.json", "supervisor.json"].map(async (file) => {
      return ((await stat(join(dataDir, "deployments", slug!, file))).mode & 0o777).toString(8);
    });
    expect(await Promise.all(modes)).toEqual(["700", "600", "600"]);
    expect(await readdir(join(dataDir, "work"))).toEqual([]);
  });

  it("is refused to web pages and to whoever lacks the token", async () => {
    const { port, controlPort } = await stateOf("tester");
    const page = { headers: { origin: "https://example.com" } };
    expect((await fetch(`http://127.0.0.1:${port}/ping`)).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${port}/ping`, page)).status).toBe(403);
    expect((await fetch(`http://127.0.0.1:${controlPort}/stop`, { method: "POST" })).status).toBe(403);
    expect(await client.getDeployment({ name: "tester" })).toMatchObject({ state: "ready" });
  });
});

describe("an update", () => {
  it("fails no request of those that are sent all the while", async () => {
    const ask = await deploy("busy", 1);
    const [[, first]] = (await ask()).predictions as [[number, number]];
    const seen = new Set<number>();
    const failures: unknown[] = [];
    const over = new AbortController();
    const senders = Array.from({ length: 8 }, async () => {
      while (!over.signal.aborted) {
        await ask().then(
          ({ predictions }) => seen.add((predictions as [[number]])[0][0]),
          (error: unknown) => failures.push(error),
        );
      }
    });
    const update = { name: "busy", config: { predictionScript: scriptOf(2) }, message: "faster" };
    expect(await client.updateDeployment(update)).toMatchObject({
      changed: true,
      history: [{ action: "create" }, { action: "update", message: "faster" }],
    });
    expect((await ask()).predictions).toMatchObject([[2, expect.any(Number), null]]);
    await until("the old process ends", () => !isProcessAlive(first));
    over.abort();
    await Promise.all(senders);
    expect(failures).toEqual([]);
    expect(seen).toEqual(new Set([1, 2]));
    expect(await client.updateDeployment(update)).toMatchObject({ changed: false });
  });

  it("is the same again though the model has written something beside its files", async () => {
    const [slug] = (await readdir(join(dataDir, "deployments"))).filter((each) => each.startsWith("busy-"));
    const models = join(dataDir, "deployments", slug!, "models");
    for (const model of await readdir(models)) await writeFile(join(models, model, "cache.bin"), "cached");
    const update = { name: "busy", config: { predictionScript: scriptOf(2) } };
    expect(await client.updateDeployment(update)).toMatchObject({ changed: false });
  });

  it("without a new model passes over what a variable of the environment says", async () => {
    process.env["prediction_script"] = scriptOf(1);
    try {
      expect(await client.updateDeployment({ name: "busy" })).toMatchObject({ changed: false });
    } finally {
      delete process.env["prediction_script"];
    }
  });

  it("that does not start leaves the old one serving, and is in the history", async () => {
    const failed = client.updateDeployment({ name: "busy", config: { predictionScript: scriptOf("broken") } });
    await expect(failed).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
    await expect(failed).rejects.toThrow(/No module named 'missing_module'/);
    expect(await client.getDeployment({ name: "busy" })).toMatchObject({
      state: "ready",
      history: [
        {},
        {},
        { action: "update", outcome: "failed", error: expect.stringMatching(/missing_module/) as string },
      ],
    });
    const { predictions } = await client.predict({ deploymentName: "busy", inputs: [""] });
    expect(predictions).toMatchObject([[2, expect.any(Number), null]]);
  });

  it("keeps what it does not name, the values of variables too, which no file holds", async () => {
    const ask = await deploy("kept", 1, { env: { SECRET: "s3cret-value" } });
    const { state, settings } = await client.updateDeployment({
      name: "kept",
      config: { predictionScript: scriptOf(2) },
    });
    expect({ state, settings }).toMatchObject({
      state: "ready",
      settings: { env: { SECRET: expect.stringMatching(/^sha256:/) as string }, python: testPython() },
    });
    expect((await ask(["SECRET"])).predictions).toMatchObject([[2, expect.any(Number), "s3cret-value"]]);
    const files = await readdir(dataDir, { recursive: true, withFileTypes: true });
    for (const file of files.filter((each) => each.isFile() && /\.(json|log)/.test(each.name))) {
      expect(await readFile(join(file.parentPath, file.name), "utf8")).not.toContain("s3cret-value");
    }
    await client.updateDeployment({ name: "kept", config: { env: {} } });
    expect((await ask(["SECRET"])).predictions).toMatchObject([[2, expect.any(Number), null]]);
  });

  it("whose program was killed has not happened, and the same update again makes it", async () => {
    const slow = join(directory, "slow.py");
    const gate = join(directory, "gate");
    await writeFile(
      slow,
      predictor(3).replace(
        'print("version 3 is loaded")',
        `open(${JSON.stringify(`${gate}.reached`)}, "w").close()\n        while not os.path.exists(${JSON.stringify(gate)}): time.sleep(0.02)`,
      ),
    );
    const options = { name: "busy", config: { ...config, predictionScript: slow } };
    const child = spawn(process.execPath, ["--import", "tsx", script, "updateDeployment", JSON.stringify(options)]);
    await until("the new process loads", () => existsSync(`${gate}.reached`));
    expect(await client.getDeployment({ name: "busy" })).toMatchObject({ state: "updating" });
    child.kill("SIGKILL");
    await once(child, "close");
    expect(await client.getDeployment({ name: "busy" })).toMatchObject({ state: "ready" });
    const ask = () => client.predict({ deploymentName: "busy", inputs: [""] });
    expect((await ask()).predictions).toMatchObject([[2, expect.any(Number), null]]);
    await writeFile(gate, "");
    expect(await client.updateDeployment(options)).toMatchObject({ changed: true, state: "ready" });
    expect((await ask()).predictions).toMatchObject([[3, expect.any(Number), null]]);
  });

  it.each([
    [{ name: "nobody", config: {} }, "RESOURCE_DOES_NOT_EXIST", /no deployment "nobody"/],
    [{ name: "kept", flavor: "sklearn" }, "INVALID_PARAMETER_VALUE", /give modelUri with flavor/],
    [{ name: "kept", config: { port: 1 } }, "INVALID_PARAMETER_VALUE", /port cannot be changed by an update/],
    [{ name: "kept", endpoint: "e" }, "NOT_IMPLEMENTED", /no endpoints/],
  ])("is refused for %j", async (options, code, message) => {
    const refused = client.updateDeployment(options);
    await expect(refused).rejects.toMatchObject({ code });
    await expect(refused).rejects.toThrow(message);
  });
});

describe("a deployment whose processes are killed", () => {
  it("has its server started again, and a request waits for that", async () => {
    const ask = await deploy("crashing", 1);
    const before = await processesOf("crashing");
    await expect(ask(["crash"])).rejects.toMatchObject({ code: "TEMPORARILY_UNAVAILABLE", retryable: true });
    const after = await processesOf("crashing");
    expect(after.supervisor).toBe(before.supervisor);
    expect(after.server).not.toBe(before.server);
    process.kill(after.server, "SIGKILL");
    await until("another process serves", async () => {
      const { predictions } = await ask().catch(() => ({ predictions: [[0, after.server]] }));
      return (predictions as [[number, number]])[0][1] !== after.server;
    });
    expect(await client.getLogs({ name: "crashing" })).toContain("supervisor: the model server ended (SIGKILL).");
  });

  it("says so when its supervisor was killed, and is started again by the same createDeployment, at its port", async () => {
    const { supervisor, server } = await processesOf("crashing");
    const { port } = await stateOf("crashing");
    process.kill(supervisor, "SIGKILL");
    await until("its server ends with it", () => !isProcessAlive(server));
    expect(await client.getDeployment({ name: "crashing" })).toMatchObject({ state: "incomplete", deployedModels: [] });
    await until("the client has noticed", async () => {
      const failure = await client
        .predict({ deploymentName: "crashing", inputs: [""] })
        .catch((error: unknown) => error as { code: string; message: string });
      return (
        "code" in failure && failure.code === "FAILED_PRECONDITION" && /createDeployment again/.test(failure.message)
      );
    });
    expect(await client.diagnose()).toContainEqual(
      expect.objectContaining({
        check: "deployments",
        status: "warning",
        message: expect.stringMatching(/crashing/) as string,
      }),
    );
    await deploy("crashing", 1);
    expect((await stateOf("crashing")).port).toBe(port);
    expect(await client.getDeployment({ name: "crashing" })).toMatchObject({ state: "ready" });
  });

  it("is deleted all the same, and its port is not another's", async () => {
    const { supervisor } = await processesOf("crashing");
    process.kill(supervisor, "SIGKILL");
    await client.deleteDeployment({ name: "crashing" });
    await expect(client.getDeployment({ name: "crashing" })).rejects.toMatchObject({ code: "RESOURCE_DOES_NOT_EXIST" });
  });
});

describe("predictStream", () => {
  it("gives the parts, and the reason when the model fails half way", async () => {
    await deploy("streaming", 3);
    const read = async (inputs: unknown[]) => {
      const parts: unknown[] = [];
      for await (const part of client.predictStream({ deploymentName: "streaming", inputs })) parts.push(part);
      return parts;
    };
    expect(await read([1])).toEqual([0, 1, 2].map((part) => ({ version: 3, part })));
    await expect(read(["fail"])).rejects.toMatchObject({
      code: "INTERNAL_ERROR",
      message: 'The deployment "streaming" ended its stream with an error: Model raised RuntimeError: half way',
    });
    for await (const part of client.predictStream({ deploymentName: "streaming", inputs: [1] })) {
      expect(part).toEqual({ version: 3, part: 0 });
      break;
    }
  });
});

describe("two programs that create the same deployment at once", () => {
  it("make it once", async () => {
    const options = { name: "twice", modelUri: modelDirectory, config: { ...config, predictionScript: scriptOf(1) } };
    const both = await Promise.all([1, 2].map(() => elsewhere<{ changed: boolean }>("createDeployment", options)));
    expect(both.filter(({ changed }) => changed)).toHaveLength(1);
  });
});

describe("createDeployment", () => {
  it("that does not start leaves nothing", async () => {
    const own = { predictionScript: scriptOf("broken") };
    const failed = client.createDeployment({ name: "broken", modelUri: modelDirectory, config: own });
    await expect(failed).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
    await expect(failed).rejects.toThrow(/No module named 'missing_module'/);
    expect((await readdir(join(dataDir, "deployments"))).filter((name) => name.startsWith("broken"))).toEqual([]);
  });

  it("refuses a port that is taken, and keeps one that it was given", async () => {
    const { port } = await stateOf("tester");
    const own = { predictionScript: scriptOf(1), port };
    const taken = client.createDeployment({ name: "ported", modelUri: modelDirectory, config: own });
    await expect(taken).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
    await expect(taken).rejects.toThrow(`Port ${port} of 127.0.0.1 is in use`);
    const free = await freePort();
    await deploy("ported", 1, { port: free });
    expect((await client.getDeployment({ name: "ported" })).endpoint?.name).toBe(`http://127.0.0.1:${free}`);
  });

  it.each([
    [{ modelUri: "x" }, "INVALID_PARAMETER_VALUE", /name is missing/],
    [{ name: "x" }, "INVALID_PARAMETER_VALUE", /modelUri is missing/],
    [{ ...request, endpoint: "e" }, "NOT_IMPLEMENTED", /no endpoints/],
    [{ name: "x", modelUri: "models:/iris@champion", flavor: "keras" }, "INVALID_PARAMETER_VALUE", /keras/],
    [{ name: "x", modelUri: "models:/nothing/1" }, "RESOURCE_DOES_NOT_EXIST", /nothing/],
    [{ name: "x", modelUri: "x", config: { prot: 1 } }, "INVALID_PARAMETER_VALUE", /Did you mean port\?/],
  ])("refuses %j", async (options, code, message) => {
    const refused = client.createDeployment(options as Parameters<LocalClient["createDeployment"]>[0]);
    await expect(refused).rejects.toMatchObject({ code });
    await expect(refused).rejects.toThrow(message);
    await expect(client.getDeployment({ name: "x" })).rejects.toMatchObject({ code: "RESOURCE_DOES_NOT_EXIST" });
  });
});

describe("predict", () => {
  it.each([
    [{ inputs: [1] }, "INVALID_PARAMETER_VALUE"],
    [{ deploymentName: "tester", endpoint: "e", inputs: [1] }, "INVALID_PARAMETER_VALUE"],
    [{ deploymentName: "tester", inputs: [] }, "INVALID_PARAMETER_VALUE"],
    [{ endpoint: "e", inputs: [1] }, "NOT_IMPLEMENTED"],
    [{ deploymentName: "nobody", inputs: [1] }, "RESOURCE_DOES_NOT_EXIST"],
  ])("refuses %j", async (options, code) => {
    await expect(client.predict(options)).rejects.toMatchObject({ code });
  });
});

describe("deleteDeployment", () => {
  it("leaves no process and no file, and does nothing the second time", async () => {
    await deploy("doomed", 1);
    const { supervisor, server } = await processesOf("doomed");
    await client.deleteDeployment({ name: "doomed" });
    expect([supervisor, server].map(isProcessAlive)).toEqual([false, false]);
    expect((await readdir(join(dataDir, "deployments"))).filter((name) => name.startsWith("doomed"))).toEqual([]);
    await client.deleteDeployment({ name: "doomed" });
  });
});
