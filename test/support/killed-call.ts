import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { aiplatform, type aiplatform_v1 } from "googleapis/build/src/apis/aiplatform/index.js";

import type { Emulator } from "../../src/emulator/index.js";
import { killingProxy } from "./killing-proxy.js";

/** A call that a process of its own makes. */
export interface ProcessCall {
  method: "create" | "update";
  options: { name: string; modelUri: string };
  config: object;
}

/** A batch prediction that a process of its own makes. */
export interface BatchProcessCall {
  method: "predictBatch";
  options: { deploymentName: string; input: string; output: string; config: object };
  config: object;
}

const script = fileURLToPath(new URL("call-once.ts", import.meta.url));

/** Makes the call, and kills the process when a request has been answered but before the answer arrives. */
export async function runKilled(
  emulator: Emulator,
  call: ProcessCall | BatchProcessCall,
  isLast: (request: string, number: number) => boolean,
): Promise<{ requests: string[]; killed: boolean }> {
  let child: ChildProcess | undefined;
  const proxy = await killingProxy(emulator.url, isLast, () => child?.kill("SIGKILL"));
  child = run(call, proxy.host);
  const [, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  await proxy.close();
  return { requests: proxy.seen, killed: signal === "SIGKILL" };
}

/** Makes the call, and gives its result. */
export async function runToEnd<Result = { changed: boolean }>(
  emulator: Emulator,
  call: ProcessCall | BatchProcessCall,
): Promise<Result> {
  const child = run(call, emulator.host);
  let output = "";
  let errors = "";
  child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`The second run of ${call.method} failed: ${errors}`);
  return JSON.parse(output) as Result;
}

/** What there is under a deployment's name, asked of the platform and not of this package. */
export async function whatIsThere(emulator: Emulator, parent: string, name: string) {
  const { projects } = aiplatform({ version: "v1", rootUrl: `${emulator.url}/` });
  const { endpoints, models } = projects.locations;
  const { data: found } = await endpoints.list({ parent, filter: `display_name="${name}"` });
  const { data: parents } = await models.list({ parent, filter: `display_name="${name}"` });
  const versions: aiplatform_v1.Schema$GoogleCloudAiplatformV1Model[] = [];
  for (const model of parents.models ?? []) {
    const { data } = await models.listVersions({ name: model.name! });
    versions.push(...(data.models ?? []));
  }
  const deployed = (found.endpoints ?? []).flatMap((endpoint) => endpoint.deployedModels ?? []);
  return { endpoints: found.endpoints?.length ?? 0, deployed: deployed.length, versions: versions.length };
}

/** A model of which nothing is loaded: the small image serves it. */
export async function writeModel(path: string, note = ""): Promise<void> {
  await mkdir(path);
  await writeFile(
    join(path, "MLmodel"),
    "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n    python_version: 3.11.7\n",
  );
  await writeFile(join(path, "requirements.txt"), "mlflow==3.17.2\n");
  if (note !== "") await writeFile(join(path, "note.txt"), note);
}

/** What a killed process leaves is removed with the directory that it works in. */
function run({ method, options, config }: ProcessCall | BatchProcessCall, emulatorHost: string): ChildProcess {
  const tmpDir = mkdtempSync(join(tmpdir(), "killed-call-"));
  const values = [method, options, { ...config, emulatorHost, tmpDir }].map((value) => JSON.stringify(value));
  const child = spawn(process.execPath, ["--import", "tsx", script, ...values], { stdio: ["ignore", "pipe", "pipe"] });
  return child.once("close", () => rmSync(tmpDir, { recursive: true, force: true }));
}
