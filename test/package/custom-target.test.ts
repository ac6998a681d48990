import { execFile } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { install, installPacked } from "../support/packed-package.js";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../", import.meta.url));
const example = join(root, "examples/custom-target");
const conformance = fileURLToPath(new URL("./fixtures/conformance.mjs", import.meta.url));
const consumer = fileURLToPath(new URL("./fixtures/custom-target-consumer.ts", import.meta.url));
const target = "mlflow-deployments-scoring-server";

/** A project that has this package and that of the example installed, from their tarballs. */
let project: string;
const servers: Server[] = [];

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), "custom-target-"));
  await installPacked(project);
  await install(project, example);
});

afterAll(async () => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
  await rm(project, { recursive: true });
});

/** As `mlflow models serve` answers. */
async function scoringServer(model: (row: number) => number): Promise<string> {
  const server = createServer((request, response) => {
    void answerOf(request, model).then(({ status, body }) => response.writeHead(status).end(body));
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function answerOf(request: IncomingMessage, model: (row: number) => number) {
  if (request.url === "/version") return { status: 200, body: "3.17.2" };
  if (request.url !== "/invocations") return { status: 404, body: "Not Found" };
  const { instances } = JSON.parse(await text(request)) as { instances: [number][] };
  if (instances.every(([cell]) => typeof cell === "number"))
    return { status: 200, body: JSON.stringify({ predictions: instances.map(([cell]) => model(cell)) }) };
  return { status: 400, body: JSON.stringify({ error_code: "BAD_REQUEST", message: "Incompatible input types" }) };
}

/** Runs a script in the project, and gives what it prints. */
async function node(name: string, code: string): Promise<string> {
  await writeFile(join(project, name), code);
  return (await run(process.execPath, [name], { cwd: project })).stdout.trim();
}

describe("the example of a target", () => {
  it("has less than 100 lines in all", async () => {
    const files = ["package.json", "index.js", "index.d.ts"].map((file) => readFile(join(example, file), "utf8"));
    const lines = (await Promise.all(files)).join("").split("\n").length - 1;
    expect(lines).toBeLessThan(100);
  });

  it("is found by getDeployClient where its package is installed", async () => {
    const code = `
      import { getDeployClient, listTargets, targetHelp } from "mlflow-deployments";
      console.log(listTargets().includes("scoring-server"), getDeployClient("scoring-server").targetUri);
      console.log(await targetHelp("scoring-server"));`;
    expect(await node("found.mjs", code)).toMatch(/^true scoring-server\nNames for running `mlflow models serve`/);
  });

  it("passes the conformance suite, with node's own test runner", async () => {
    await cp(conformance, join(project, "conformance.mjs"));
    const env = {
      ...process.env,
      DOUBLE_URL: await scoringServer((row) => row * 2),
      SQUARE_URL: await scoringServer((row) => row ** 2),
    };
    const options = ["--test", "--test-reporter=tap", "conformance.mjs"];
    const { stdout } = await run(process.execPath, options, { cwd: project, env }).catch(
      (error: { stdout: string }) => error,
    );
    expect(stdout.split("\n").filter((line) => /^\s*not ok/.test(line))).toEqual([]);
    expect(stdout).toMatch(/ok \d+ - gives one prediction for each row, in their order/);
    expect(stdout).toMatch(/ok \d+ - declares that it has no explain, and says so/);
    expect(await readFile(join(project, "names.json"), "utf8")).toBe("[]");
  });

  it("has types of its own settings", async () => {
    await cp(consumer, join(project, "consumer.ts"));
    const typeRoots = [join(root, "node_modules/@types")];
    const compilerOptions = {
      strict: true,
      noEmit: true,
      module: "nodenext",
      target: "es2023",
      types: ["node"],
      typeRoots,
    };
    await writeFile(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["consumer.ts"] }));
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const { stdout } = await run(process.execPath, [tsc, "-p", project]).catch((error: { stdout: string }) => error);
    expect(stdout).toBe("");
  });

  it("works with a copy of this package of its own", async () => {
    const own = join(project, "node_modules", target, "node_modules/mlflow-deployments");
    await cp(join(project, "node_modules/mlflow-deployments"), own, { recursive: true });
    const code = `
      import { BaseDeploymentClient, DeploymentError, getDeployClient } from "mlflow-deployments";
      const client = getDeployClient("scoring-server");
      const error = await client.getDeployment({ name: "nobody" }).catch((reason) => reason);
      console.log(client instanceof BaseDeploymentClient, DeploymentError.is(error), error.code);`;
    expect(await node("copies.mjs", code)).toBe("false true RESOURCE_DOES_NOT_EXIST");
  });
});
