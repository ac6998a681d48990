import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { installPacked } from "../support/packed-package.js";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../", import.meta.url));
const consumer = fileURLToPath(new URL("./fixtures/consumer.ts", import.meta.url));

/** A project that has the packed tarball installed, and nothing else. */
let project: string;

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), "package-"));
  await installPacked(project);
});

afterAll(() => rm(project, { recursive: true }));

const installed = (...path: string[]) => join(project, "node_modules/mlflow-deployments", ...path);

/** Runs a script in the project, and gives what it prints. */
async function node(name: string, code: string): Promise<string> {
  await writeFile(join(project, name), code);
  const { stdout } = await run(process.execPath, [name], { cwd: project });
  return stdout.trim();
}

const deployOnMocks = `
  const { services, recorder } = mockPlatform();
  const config = { projectId: "acme", productionBucket: "acme-models" };
  const client = getDeployClient("aiplatform", { services, config });
  const { state } = await client.createDeployment({ name: "tester", modelUri: "models:/iris/1" });
  console.log(state, recorder.callsOf("endpointManager", "deploy").length);
`;

describe("the packed tarball, installed in a project", () => {
  it("is used as an ES module", async () => {
    const imports = `import { getDeployClient } from "mlflow-deployments"; import { mockPlatform } from "mlflow-deployments/testing";`;
    expect(await node("module.mjs", imports + deployOnMocks)).toBe("ready 1");
  });

  it("is used through require", async () => {
    const requires = `const { getDeployClient } = require("mlflow-deployments"); const { mockPlatform } = require("mlflow-deployments/testing");`;
    expect(await node("common.cjs", `${requires} (async () => {${deployOnMocks}})();`)).toBe("ready 1");
  });

  it("starts the emulator, and finds its templates to deploy to it", async () => {
    const code = `
      import { startEmulator } from "mlflow-deployments/emulator";
      const emulator = await startEmulator();
      const answer = await fetch(emulator.url + "/v1/projects/acme/locations/us-central1/endpoints");
      console.log(answer.status, await answer.text());
      await emulator.stop();`;
    expect(await node("emulator.mjs", code)).toMatch(/^200 \{/);
    expect(await readdir(installed("templates"))).toEqual(
      expect.arrayContaining(["Dockerfile.mustache", "predictor.py.mustache", "serving_runtime", "setup.py.mustache"]),
    );
    expect(await readdir(join(installed("templates"), "emulator"))).toContain("custom_prediction_server.py");
  });

  it("says how to install what reads models in S3, which does not come with it", async () => {
    const code = `
      import { runLocal } from "mlflow-deployments";
      const error = await runLocal("local", { name: "tester", modelUri: "s3://bucket/model" }).catch((reason) => reason);
      console.log(error.code, error.message);`;
    expect(await node("s3.mjs", code)).toMatch(/^FAILED_PRECONDITION .*Run: npm install @aws-sdk\/client-s3$/);
  });

  it("loads no heavy library before a call needs it", async () => {
    const hook = `export async function load(url, context, next) { process._rawDebug(url); return next(url, context); }`;
    await writeFile(join(project, "hook.mjs"), hook);
    const code = `
      import { register } from "node:module";
      register("./hook.mjs", import.meta.url);
      const { getDeployClient } = await import("mlflow-deployments");
      getDeployClient("aiplatform");
      getDeployClient("local");`;
    await writeFile(join(project, "light.mjs"), code);
    const { stderr } = await run(process.execPath, ["light.mjs"], { cwd: project });
    const loaded = stderr.split("\n").filter((url) => url.includes("/node_modules/"));
    expect(loaded.some((url) => url.includes("/mlflow-deployments/dist/index.js"))).toBe(true);
    expect(loaded.filter((url) => !url.includes("/mlflow-deployments/dist/"))).toEqual([]);
  });

  it("has the program of the local target's supervisor", async () => {
    const code = `
      import { getDeployClient } from "mlflow-deployments";
      const client = getDeployClient("local", { config: { dataDir: "./local" } });
      console.log(JSON.stringify(await client.listDeployments()));`;
    expect(await node("local.mjs", code)).toBe("[]");
    const program = installed("dist/targets/local/supervisor/main.js");
    const started = run(process.execPath, [program, "tester", join(project, "nowhere")]);
    await expect(started).rejects.toMatchObject({ code: 1, stderr: "" });
  });

  it("has a command", async () => {
    const bin = join(project, "node_modules/.bin/mlflow-deployments");
    expect((await run(bin, ["--version"])).stdout.trim()).toMatch(/^\d+\.\d+\.\d+$/);
    expect((await run(bin, ["--help"])).stdout).toContain("emulator");
  });

  it("holds what it needs and no more", async () => {
    expect((await readdir(installed())).toSorted()).toEqual(
      ["CHANGELOG.md", "LICENSE", "README.md", "dist", "package.json", "templates"].toSorted(),
    );
    const files = await readdir(installed(), { recursive: true });
    expect(files.filter((file) => /\.test\.|\.tsbuildinfo$|__pycache__|\.map$/.test(file))).toEqual([]);
  });
});

describe("its types", () => {
  it("check a target's own settings, and take a third party's target, without a vendor's declarations", async () => {
    await cp(consumer, join(project, "consumer.ts"));
    const compilerOptions = {
      strict: true,
      noEmit: true,
      listFiles: true,
      module: "nodenext",
      target: "es2023",
      types: ["node"],
      typeRoots: [join(root, "node_modules/@types")],
    };
    await writeFile(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["consumer.ts"] }));
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const { stdout } = await run(process.execPath, [tsc, "-p", project]).catch((error: { stdout: string }) => error);
    const lines = stdout.split("\n");
    expect(lines.filter((line) => line.includes("mlflow-deployments/dist/index.d.ts"))).toHaveLength(1);
    expect(lines.filter((line) => /error TS/.test(line))).toEqual([]);
    expect(lines.filter((line) => /node_modules\/(googleapis|@google-cloud|axios|archiver)\//.test(line))).toEqual([]);
  });
});
