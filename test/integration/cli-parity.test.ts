import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

import { type Deployment, DeploymentError, predictionRows, type ServingEndpoint } from "../../src/index.js";
import { PredictionsResponse } from "../../src/core/predictions-response.js";
import { registerFakeTarget } from "../support/fake-target.js";
import { testPython } from "../support/python.js";
import { type CliResult, runCli } from "../support/run-cli.js";

/** What `mlflow deployments` did with the words of one command line. */
interface MlflowResult {
  argv: string[];
  stdout: string;
  stderr: string;
  exit_code: number;
  /** The message of the error that a process would end with a traceback of. */
  exception: string | null;
}

const plugin = join(import.meta.dirname, "../fixtures/mlflow-plugin");
const directory = await mkdtemp(join(tmpdir(), "cli-parity-"));
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true });
});

const file = (name: string) => join(directory, name);
const t = ["-t", "faketarget"];
const target = ["--target", "faketarget"];
const named = ["--name", "tester"];
const model = ["-m", "models:/iris/1"];
const input = ["-I", file("rows.json")];

/** MLflow and this package print the same, byte for byte, and end with the same code. */
const sameAnswer: Record<string, string[]> = {
  "create by short options": ["create", ...t, ...named, ...model, "-f", "sklearn"],
  "create by long options": ["create", ...target, ...named, "--model-uri", "m", "--flavor", "sklearn"],
  "create by long options with an equals sign": ["create", "--target=faketarget", "--name=a b", "--model-uri=m"],
  "create without a flavor": ["create", ...t, ...named, ...model],
  "create on an endpoint, with settings": ["create", ...t, ...named, ...model, "--endpoint", "e", "-C", "a=1", "-Cb=2"],
  "create with a setting of nothing, and one that holds an equals sign": [
    "create",
    ...t,
    ...named,
    ...model,
    "--config",
    "a=",
    "--config=b=c=d",
  ],
  "create with a URI of the target": ["create", "-t", "faketarget:/somewhere", ...named, ...model],
  "create with the scheme in capitals": ["create", "-t", "FakeTarget://somewhere", ...named, ...model],
  update: ["update", ...t, ...named, ...model, "-f", "sklearn"],
  "update without a flavor": ["update", ...t, ...named, ...model, "-C", "a=1"],
  "update of nothing but settings": ["update", ...target, ...named, "--endpoint", "e", "-C", "a=1"],
  delete: ["delete", ...t, ...named],
  "delete on an endpoint, with settings": ["delete", ...target, ...named, "--endpoint", "e", "-C", "a=1"],
  list: ["list", ...t],
  "list of an endpoint": ["list", ...target, "--endpoint", "e"],
  "list of nothing": ["list", ...t, "--endpoint", "empty"],
  get: ["get", ...t, ...named],
  "get on an endpoint": ["get", ...target, ...named, "--endpoint", "e"],
  predict: ["predict", ...t, ...named, ...input],
  "predict of an endpoint": ["predict", ...target, "--endpoint", "e", "--input-path", file("rows.json")],
  "predict of pandas' columns": ["predict", ...t, "--name", "echo", "-I", file("columns.json")],
  "predict of rows that are objects": ["predict", ...t, "--name", "echo", "-I", file("records.json")],
  "predict of a whole number beyond 2^53": ["predict", ...t, "--name", "echo", "-I", file("large.json")],
  "predict of columns that are lists": ["predict", ...t, "--endpoint", "echo", "-I", file("lists.json")],
  help: ["help", ...t],
  "help by the long option": ["help", ...target],
  "update-endpoint": ["update-endpoint", ...t, "--endpoint", "e", "-C", "a=1"],
  "delete-endpoint": ["delete-endpoint", ...target, "--endpoint", "e"],
  "list-endpoints": ["list-endpoints", ...t],
  "get-endpoint": ["get-endpoint", ...target, "--endpoint", "e"],
};

/** Both refuse with the same words on standard error, and the same code. */
const sameRefusal: Record<string, string[]> = {
  "a name that is missing": ["create"],
  "a target that is missing": ["create", ...named],
  "a model that is missing": ["create", ...named, ...t],
  "an update without a name": ["update", ...t],
  "a delete without a target": ["delete", ...named],
  "a list without a target": ["list"],
  "a get without a name": ["get", ...t],
  "a predict without an input": ["predict", ...t, ...named],
  "an explain without an input": ["explain", ...t, ...named],
  "a run-local without a model": ["run-local", ...t, ...named],
  "a create-endpoint without an endpoint": ["create-endpoint", ...t],
  "an update-endpoint without an endpoint": ["update-endpoint", ...t],
  "a delete-endpoint without an endpoint": ["delete-endpoint", ...t],
  "a list-endpoints without a target": ["list-endpoints"],
  "a get-endpoint without an endpoint": ["get-endpoint", ...t],
  "neither name nor endpoint": ["predict", ...t, ...input],
  "both name and endpoint": ["predict", ...t, ...named, "--endpoint", "e", ...input],
  "neither name nor endpoint of an explain": ["explain", ...t, ...input],
  "a setting that is no pair": ["create", ...t, ...named, ...model, "-C", "a"],
  "an unknown option": ["create", "--nmae", "x"],
  "an unknown short option": ["list", "-x"],
  "an unknown command": ["creat"],
  "a word too many": ["list", ...t, "more"],
  "words too many": ["list", ...t, "and", "more"],
};

/** MLflow ends with a traceback, this package with one line that says the same and with the same code. */
const sameFailure: Record<string, { argv: string[]; says: string }> = {
  "an error of the target in create": {
    argv: ["create", ...t, ...named, ...model, "-C", "raiseError=True"],
    says: "Error requested",
  },
  "an error of the target in update": {
    argv: ["update", ...t, ...named, "-C", "raiseError=True"],
    says: "Error requested",
  },
  "an error of the target in delete": {
    argv: ["delete", ...t, ...named, "-C", "raiseError=True"],
    says: "Error requested",
  },
  "a deployment that is not there": {
    argv: ["get", ...t, "--name", "missing"],
    says: "There is no deployment missing.",
  },
  "a target that is not installed": {
    argv: ["list", "-t", "nowhere"],
    says: 'No plugin found for managing model deployments to "nowhere".',
  },
  "help of a target that is not installed": {
    argv: ["help", "-t", "nowhere"],
    says: 'No plugin found for managing model deployments to "nowhere".',
  },
  "a target without explanations": {
    argv: ["explain", "-t", "withoutexplain", ...named, ...input],
    says: "Computing model explanations is not yet supported for this deployment target",
  },
  "a target without endpoints": {
    argv: ["list-endpoints", "-t", "withoutexplain"],
    says: "Method is unimplemented in base client. Implementation should be provided by specific target plugins",
  },
};

/** What MLflow does wrong, or this package does otherwise on purpose. */
const differences: Record<
  string,
  {
    why: string;
    argv: string[];
    mlflow: Partial<MlflowResult>;
    ours: { code: number; stdout?: string; stderr?: unknown };
  }
> = {
  "create-endpoint works": {
    why: "MLflow's passes a parameter that its own function does not have",
    argv: ["create-endpoint", ...t, "--endpoint", "e"],
    mlflow: { exit_code: 1, exception: "create_endpoint() got an unexpected keyword argument 'endpoint'" },
    ours: { code: 0, stdout: "\nEndpoint e is created\n" },
  },
  "update of a target that returns nothing works": {
    why: "MLflow documents that update_deployment returns None, and subscripts it",
    argv: ["update", ...t, ...named, ...model, "-f", "sklearn", "-C", "returnNothing=1"],
    mlflow: { exit_code: 1, exception: "'NoneType' object is not subscriptable" },
    ours: { code: 0, stdout: "Deployment tester is updated (with flavor sklearn)\n" },
  },
  "predict reads CSV": {
    why: "MLflow's help names the option --content-type, which does not exist",
    argv: ["predict", ...t, "--name", "echo", "-I", file("rows.csv"), "--content-type", "csv"],
    mlflow: { exit_code: 2 },
    ours: { code: 0, stdout: '{"predictions": [{"a": 1, "b": "x"}, {"a": 2.5, "b": "y"}]}\n' },
  },
  "predict reads CSV by the file's name": {
    why: "MLflow reads it as JSON",
    argv: ["predict", ...t, "--name", "echo", "-I", file("rows.csv")],
    mlflow: { exit_code: 1 },
    ours: { code: 0, stdout: '{"predictions": [{"a": 1, "b": "x"}, {"a": 2.5, "b": "y"}]}\n' },
  },
  "predict takes rows that are arrays as they are": {
    why: "MLflow makes columns named 0, 1, … of them, and a target makes rows of those again",
    argv: ["predict", ...t, "--name", "echo", ...input],
    mlflow: { exit_code: 0, stdout: '{"predictions": [{"0": 1, "1": 2}, {"0": 3, "1": 4}]}\n' },
    ours: { code: 0, stdout: '{"predictions": [[1, 2], [3, 4]]}\n' },
  },
  "predict understands instances": {
    why: "MLflow makes one column of that name of them",
    argv: ["predict", ...t, "--name", "echo", "-I", file("instances.json")],
    mlflow: { exit_code: 0, stdout: '{"predictions": [{"instances": [1, 2]}]}\n' },
    ours: { code: 0, stdout: '{"predictions": [[1, 2]]}\n' },
  },
  "predict prints a whole number without .0": {
    why: "a number of JavaScript does not know whether it was written with it; JSON says they are the same",
    argv: ["predict", ...t, "--name", "echo", "-I", file("floats.json")],
    mlflow: { exit_code: 0, stdout: '{"predictions": [{"a": 1.0}, {"a": 2.5}]}\n' },
    ours: { code: 0, stdout: '{"predictions": [{"a": 1}, {"a": 2.5}]}\n' },
  },
  "explain ends its line": {
    why: "MLflow's JSON has no line end, and a shell's prompt follows it",
    argv: ["explain", ...t, ...named, ...input],
    mlflow: { exit_code: 0, stdout: '{"explanations": [{"a": 0.5}], "predictions": [1]}' },
    ours: { code: 0, stdout: '{"explanations": [{"a": 0.5}], "predictions": [1]}\n' },
  },
  "help without a target lists the targets": {
    why: "who has no target yet wants to know which there are",
    argv: ["help"],
    mlflow: { exit_code: 2 },
    ours: { code: 0 },
  },
  "the program without words is help, and no mistake": {
    why: "commands of today answer so",
    argv: [],
    mlflow: { exit_code: 2 },
    ours: { code: 0 },
  },
  "run-local says where the model is served, and serves until it is stopped": {
    why: "MLflow's prints what the plugin prints; here a target gives a server",
    argv: ["run-local", ...t, ...named, ...model, "-f", "sklearn", "-C", "a=1"],
    mlflow: {
      exit_code: 0,
      stdout:
        "Deployed locally at the key tester using the model from models:/iris/1. It's flavor is sklearn and config is {'a': '1'}\n",
    },
    ours: { code: 0, stdout: "\nsklearn deployment tester is served at http://127.0.0.1:5000\n" },
  },
  "an option without its value is refused with the usage": {
    why: "MLflow leaves it out in this case only",
    argv: ["create", "--name"],
    mlflow: { exit_code: 2, stderr: "Error: Option '--name' requires an argument.\n" },
    ours: { code: 2, stderr: expect.stringContaining("Error: Option '--name' requires an argument.") },
  },
};

/** A setting that is given twice: MLflow's one refusal with exit code 1. */
const repeated = ["create", ...t, ...named, ...model, "-C", "a=1", "-C", "a=2"];
const intoFile = (name: string) => ["predict", ...t, ...named, ...input, "-O", file(name)];
const explainIntoFile = (name: string) => ["explain", ...t, ...named, ...input, "--output-path", file(name)];

let mlflow: Map<string, MlflowResult>;
const key = (argv: string[]) => JSON.stringify(argv);

beforeAll(async () => {
  vi.stubEnv("MLFLOW_DEPLOYMENTS_TARGET", "");
  const inputs = {
    "rows.json": "[[1, 2], [3, 4]]",
    "records.json": '[{"a": 1, "b": "x"}, {"a": 2, "b": null}]',
    "floats.json": '[{"a": 1.0}, {"a": 2.5}]',
    "columns.json": '{"b": {"0": "x", "1": "y"}, "a": {"0": 1, "1": 2}}',
    "lists.json": '{"a": [1, 2], "b": [true, false]}',
    "instances.json": '{"instances": [[1, 2]]}',
    "large.json": '[{"id": 9007199254740993}]',
    "rows.csv": "a,b\n1,x\n2.5,y\n",
  };
  for (const [name, content] of Object.entries(inputs)) await writeFile(file(name), content);
  registerTargets();
  mlflow = await runMlflow([
    ...Object.values(sameAnswer),
    ...Object.values(sameRefusal),
    ...Object.values(sameFailure).map(({ argv }) => argv),
    ...Object.values(differences).map(({ argv }) => argv),
    repeated,
    intoFile("mlflow.json"),
    explainIntoFile("mlflow-explained.json"),
  ]);
});

describe("where MLflow's command line answers, ours answers the same", () => {
  it.each(Object.entries(sameAnswer))("%s", async (_, argv) => {
    const theirs = mlflow.get(key(argv));
    const ours = await runCli(argv);
    expect(theirs).toMatchObject({ exit_code: 0 });
    expect({ stdout: stdoutOf(ours), code: ours.code }).toEqual({ stdout: theirs?.stdout, code: 0 });
  });

  it("writes the file of -O, and prints nothing", async () => {
    expect(mlflow.get(key(intoFile("mlflow.json")))).toMatchObject({ stdout: "", exit_code: 0 });
    expect(await runCli(intoFile("ours.json"))).toEqual({ code: 0, out: [], err: [] });
    expect(await readFile(file("ours.json"), "utf8")).toBe(await readFile(file("mlflow.json"), "utf8"));
  });

  it("writes explanations to the file of -O", async () => {
    expect(mlflow.get(key(explainIntoFile("mlflow-explained.json")))).toMatchObject({ stdout: "", exit_code: 0 });
    expect(await runCli(explainIntoFile("ours-explained.json"))).toEqual({ code: 0, out: [], err: [] });
    expect(await readFile(file("ours-explained.json"), "utf8")).toBe(
      await readFile(file("mlflow-explained.json"), "utf8"),
    );
  });
});

describe("where MLflow's command line refuses, ours refuses in the same words", () => {
  it.each(Object.entries(sameRefusal))("%s", async (_, argv) => {
    const theirs = mlflow.get(key(argv));
    const ours = await runCli(argv);
    expect(theirs).toMatchObject({ exit_code: 2, stdout: "" });
    expect({ stderr: stderrOf(ours), code: ours.code, out: ours.out }).toEqual({
      stderr: theirs?.stderr,
      code: 2,
      out: [],
    });
  });

  it("a setting that is given twice", async () => {
    const ours = await runCli(repeated);
    expect(mlflow.get(key(repeated))).toMatchObject({ exit_code: 1, stderr: `${ours.err[0]}\n` });
    expect([ours.code, ours.err[0]]).toEqual([1, "Error: Repeated parameter: 'a'"]);
  });
});

describe("where MLflow's command line fails with a traceback, ours says it in a line", () => {
  it.each(Object.entries(sameFailure))("%s", async (_, { argv, says }) => {
    const theirs = mlflow.get(key(argv));
    const ours = await runCli(argv);
    expect(theirs?.exit_code).toBe(1);
    expect(theirs?.exception).toContain(says);
    expect([ours.code, ours.out]).toEqual([1, []]);
    expect(ours.err[0]).toMatch(/^Error: /);
    expect(ours.err[0]).toContain(says);
  });
});

describe("on purpose other than MLflow's command line:", () => {
  it.each(Object.entries(differences))("%s", async (_, { argv, mlflow: expected, ours }) => {
    expect(mlflow.get(key(argv))).toMatchObject(expected);
    const result = await runCli(argv, (line, end) => {
      if (line.includes("is served at")) end();
    });
    expect({ code: result.code, stdout: stdoutOf(result), stderr: stderrOf(result) }).toMatchObject(ours);
  });
});

function stdoutOf({ out }: CliResult): string {
  return out.map((line) => `${line}\n`).join("");
}

function stderrOf({ err }: CliResult): string {
  return err.map((line) => `${line}\n`).join("");
}

/** All command lines in one Python process: it takes seconds to start. */
async function runMlflow(argvs: string[][]): Promise<Map<string, MlflowResult>> {
  const output = await new Promise<string>((resolve, reject) => {
    const child = execFile(
      testPython(),
      [join(plugin, "invoke.py")],
      { env: { ...process.env, PYTHONPATH: plugin, MLFLOW_DEPLOYMENTS_TARGET: "" }, maxBuffer: 16 * 1024 * 1024 },
      (error, stdout) => (error ? reject(error) : resolve(stdout)),
    );
    child.stdin?.end(JSON.stringify(argvs));
  });
  const results = JSON.parse(output) as MlflowResult[];
  return new Map(results.map((result) => [key(result.argv), result]));
}

/** The targets of the Python plugin, in TypeScript. */
function registerTargets(): void {
  const failIfAsked = (config: Record<string, unknown> | undefined) => {
    if (config?.["raiseError"] === "True") throw new Error("Error requested");
  };
  registerFakeTarget("faketarget", {
    targetHelp: "Target help is called",
    createDeployment: async ({ name, flavor, config } = {}) => {
      failIfAsked(config);
      return { name, flavor: flavor ?? null } as never;
    },
    updateDeployment: async ({ name, flavor, config }) => {
      failIfAsked(config);
      return (config?.["returnNothing"] ? undefined : { name, flavor: flavor ?? null }) as never;
    },
    deleteDeployment: async ({ config }) => failIfAsked(config),
    listDeployments: async ({ endpoint } = {}) => {
      if (endpoint === "empty") return [];
      return [
        { name: "tester", flavor: null, ready: true, labels: { "it's": 'a "label"' }, shares: [0.25, 100, 1e-5] },
        { name: `on ${endpoint ?? "None"}`, note: "tab\tnew\nline \\ é 中\u001B" },
      ] as unknown as Deployment[];
    },
    getDeployment: async ({ name, endpoint }) => {
      if (name === "missing") throw new DeploymentError("RESOURCE_DOES_NOT_EXIST", "There is no deployment missing.");
      const table = { a: "it's" };
      return { name, key1: "val1", flavor: null, numbers: [1, 2.5, true], table, on: endpoint ?? null } as never;
    },
    predict: async ({ deploymentName, endpoint, inputs }) => {
      if ([deploymentName, endpoint].includes("echo"))
        return new PredictionsResponse({ predictions: [...predictionRows({ inputs })] });
      const more = { text: "é\u007F\n中😀", small: 1e-7 };
      return new PredictionsResponse({ predictions: [1, 2, 3], ...more });
    },
    explain: async () => ({ explanations: [{ a: 0.5 }], predictions: [1] }) as never,
    createEndpoint: async ({ name }) => ({ name }) as ServingEndpoint,
    updateEndpoint: async ({ endpoint }) => ({ name: endpoint }) as ServingEndpoint,
    deleteEndpoint: async () => {},
    listEndpoints: async () => [{ name: "shared", traffic: { tester: 100 } }] as unknown as ServingEndpoint[],
    getEndpoint: async ({ endpoint }) =>
      ({ name: endpoint, description: null, traffic: { tester: 100 } }) as unknown as ServingEndpoint,
    runLocal: async (_, { name }) =>
      ({
        name,
        url: "http://127.0.0.1:5000",
        port: 5000,
        exited: new Promise(() => {}),
        stop: async () => {},
      }) as never,
  });
  registerFakeTarget("withoutexplain", {});
}
