import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

import { deploymentTable } from "../../src/cli/output/deployment-text.js";
import type { CreatedDeployment, Deployment } from "../../src/core/deployment.js";
import { DeploymentError } from "../../src/core/errors.js";
import type { Operation } from "../../src/core/operation.js";
import { type FakeCall, registerFakeTarget } from "../support/fake-target.js";
import { runCli } from "../support/run-cli.js";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "cli-deployments-"));
});
afterAll(() => rm(directory, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

const deployment = { name: "tester", flavor: null, state: "ready" } as Deployment;
const created = { ...deployment, changed: true } as CreatedDeployment;
const create = ["create", "-t", "fake", "--name", "tester", "-m", "models:/iris/1"];

let calls: FakeCall[];
beforeEach(() => {
  calls = registerFakeTarget("fake", {
    createDeployment: async () => created,
    updateDeployment: async () => created,
    deleteDeployment: async () => {},
    listDeployments: async () => [deployment],
    getDeployment: async () => deployment,
  });
});

describe("a command of a target", () => {
  it("passes what was typed on to the client's method", async () => {
    await runCli([...create, "-f", "sklearn", "--endpoint", "shared", "--message", "first", "-C", "machineType=n1"]);
    expect(calls.map(({ method }) => method)).toEqual(["createClient", "createDeployment"]);
    expect(calls[1]?.options).toMatchObject({
      name: "tester",
      modelUri: "models:/iris/1",
      flavor: "sklearn",
      endpoint: "shared",
      message: "first",
      config: { machineType: "n1" },
    });
  });

  it("takes the target of MLFLOW_DEPLOYMENTS_TARGET where none is typed", async () => {
    vi.stubEnv("MLFLOW_DEPLOYMENTS_TARGET", "fake:/somewhere");
    expect(await runCli(["list"])).toMatchObject({
      code: 0,
      out: ["List of all deployments:\n[{'name': 'tester', 'flavor': None, 'state': 'ready'}]"],
    });
  });

  it("takes the typed target before that of the environment", async () => {
    vi.stubEnv("MLFLOW_DEPLOYMENTS_TARGET", "nowhere");
    expect(await runCli(["list", "-t", "fake"])).toMatchObject({ code: 0 });
  });

  it("waits for an operation of a call in the background, and says its name", async () => {
    let finish = () => {};
    const finished = new Promise<void>((resolve) => (finish = resolve));
    const operation: Operation<CreatedDeployment> = {
      name: "operations/7",
      wait: async () => {
        await finished;
        return created;
      },
      cancel: async () => {},
    };
    const background = registerFakeTarget("fake", { createDeployment: async () => operation as never });
    const running = runCli([...create, "-C", "sync=false"]);
    await vi.waitFor(() => expect(background).toHaveLength(2));
    finish();
    expect(await running).toEqual({
      code: 0,
      out: ["\nNone deployment tester is created"],
      err: ["In the background: operation operations/7"],
    });
  });
});

describe("--config-file", () => {
  const configFile = async (content: string) => {
    const path = join(directory, "config.yaml");
    await writeFile(path, content);
    return path;
  };

  it("is the client's config, before which go the settings of -C", async () => {
    const path = await configFile("machineType: n1-standard-2\nlabels:\n  team: ml\nsync: false\n");
    await runCli([...create, "--config-file", path, "-C", "machineType=n1-standard-4"]);
    expect(calls[0]?.options).toEqual({
      config: { machineType: "n1-standard-2", labels: { team: "ml" }, sync: false },
    });
    expect(calls[1]?.options["config"]).toEqual({ machineType: "n1-standard-4", sync: false });
  });

  it.each([
    ["- a\n", "must hold a table of settings"],
    ["a: [1\n", "is not valid YAML"],
  ])("that holds %j is refused", async (content, message) => {
    const { code, err } = await runCli([...create, "--config-file", await configFile(content)]);
    expect(code).toBe(1);
    expect(err[0]).toContain(message);
    expect(calls).toEqual([]);
  });

  it("that is empty holds no settings", async () => {
    expect(await runCli([...create, "--config-file", await configFile("")])).toMatchObject({ code: 0 });
  });

  it("that is not there is named", async () => {
    const { code, err } = await runCli([...create, "--config-file", join(directory, "absent.yaml")]);
    expect(code).toBe(1);
    expect(err[0]).toMatch(/^Error: The config file .*absent\.yaml cannot be read: ENOENT/);
  });
});

describe("--output", () => {
  it("json prints what the method gave", async () => {
    const { out } = await runCli(["get", "-t", "fake", "--name", "tester", "--output", "json"]);
    expect(JSON.parse(out.join("\n"))).toEqual(deployment);
  });

  it("table prints aligned columns", async () => {
    const { out } = await runCli(["list", "-t", "fake", "--output", "table"]);
    expect(out).toEqual(["NAME    STATE  MODEL  VERSION  TRAFFIC  ENDPOINT", "tester  ready"]);
  });

  it("table says what is deployed where a list does not read the records", async () => {
    const deployed = { model: "projects/acme/locations/europe-west1/models/iris-1a2b", trafficPercent: 100 };
    const deployedModels = [
      { ...deployed, modelVersionId: "2" },
      { ...deployed, modelVersionId: "3", trafficPercent: 0 },
    ];
    const { rows } = deploymentTable([{ ...deployment, model: null, deployedModels } as Deployment]);
    expect(rows[0]?.slice(2, 4)).toEqual(["iris-1a2b", "2"]);
  });
});

describe("--json", () => {
  it("prints progress and result as lines of JSON on standard output", async () => {
    registerFakeTarget("fake", {
      createDeployment: async ({ onProgress } = {}) => {
        onProgress?.({ type: "step", step: "resolve", status: "done", message: "found" });
        return created;
      },
    });
    const { out, err } = await runCli([...create, "--json"]);
    expect(out.map((line) => JSON.parse(line) as unknown)).toEqual([
      { type: "step", step: "resolve", status: "done", message: "found" },
      { type: "result", result: created },
    ]);
    expect(err).toEqual([]);
  });

  it("ends with the error of a failure", async () => {
    registerFakeTarget("fake", {
      createDeployment: () => Promise.reject(new DeploymentError("TEMPORARILY_UNAVAILABLE", "Not now.")),
    });
    const { code, out, err } = await runCli([...create, "--json"]);
    expect(code).toBe(1);
    expect(out.map((line) => JSON.parse(line) as unknown)).toEqual([
      { type: "error", code: "TEMPORARILY_UNAVAILABLE", message: "Not now.", retryable: true },
    ]);
    expect(err).toEqual([]);
  });

  it("and --output exclude each other", async () => {
    const { code, err } = await runCli(["plan", "-t", "fake", "--name", "x", "--json", "--output", "json"]);
    expect([code, err.at(-1)]).toEqual([2, "Error: --json and --output exclude each other."]);
  });
});

describe("predict", () => {
  const rows = async () => {
    const path = join(directory, "rows.json");
    await writeFile(path, '{"inputs": [[1]], "params": {"k": 2}}');
    return path;
  };

  it("sends rows and params of a file", async () => {
    calls = registerFakeTarget("fake", { predict: async () => ({ predictions: [1] }) as never });
    await runCli(["predict", "-t", "fake", "--name", "tester", "-I", await rows()]);
    expect(calls[1]?.options).toMatchObject({ deploymentName: "tester", inputs: [[1]], params: { k: 2 } });
  });

  it("reads standard input for -I -", async () => {
    calls = registerFakeTarget("fake", { predict: async () => ({ predictions: [1] }) as never });
    await runCli(["predict", "-t", "fake", "--endpoint", "e", "-I", "-"], undefined, { stdin: '[{"a": 1}]' });
    expect(calls[1]?.options).toMatchObject({ endpoint: "e", inputs: [{ a: 1 }] });
  });

  it("looks for the target only after it has understood the input", async () => {
    const { code, err } = await runCli(["predict", "-t", "nowhere", "--name", "x", "-I", "-"], undefined, {
      stdin: "{",
    });
    expect(code).toBe(1);
    expect(err[0]).toContain("The input is not valid JSON");
  });

  it("--stream prints each part as a line of JSON as soon as it is there", async () => {
    let printed = () => {};
    registerFakeTarget("fake", {
      async *predictStream() {
        const seen = new Promise<void>((resolve) => (printed = resolve));
        yield { text: "a" };
        await seen;
        yield "b";
      },
    });
    const argv = ["predict", "-t", "fake", "--name", "tester", "-I", await rows(), "--stream"];
    const { code, out } = await runCli(argv, () => printed());
    expect([code, out]).toEqual([0, ['{"text":"a"}', '"b"']]);
  });

  it("--stream writes into the file of -O", async () => {
    registerFakeTarget("fake", {
      async *predictStream() {
        yield 1;
        yield 2;
      },
    });
    const path = join(directory, "parts.jsonl");
    const argv = ["predict", "-t", "fake", "--name", "tester", "-I", await rows(), "--stream", "-O", path];
    expect(await runCli(argv)).toMatchObject({ code: 0, out: [] });
    expect(await readFile(path, "utf8")).toBe("1\n2\n");
  });

  it("says that the file of -O cannot be written", async () => {
    registerFakeTarget("fake", { predict: async () => ({ predictions: [1] }) as never });
    const argv = ["predict", "-t", "fake", "--name", "tester", "-I", await rows(), "-O", directory];
    const { code, err } = await runCli(argv);
    expect(code).toBe(1);
    expect(err[0]).toContain(`The result cannot be written to ${directory}`);
  });
});
