/** AI Platform's half of the emulator on a port of its own, whose prediction classes are a small Node script. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { ContainerAccess } from "../../src/emulator/cloud-storage/container-access.js";
import { containerRoutes } from "../../src/emulator/cloud-storage/container-routes.js";
import { DiskObjectStore } from "../../src/emulator/cloud-storage/disk-store.js";
import { startHttpServer } from "../../src/emulator/http.js";
import type { LogLine } from "../../src/emulator/logs.js";
import { InstallError } from "../../src/emulator/ml/install-packages.js";
import type { PredictionRuntime } from "../../src/emulator/ml/prediction-runtime.js";
import { mlRoutes } from "../../src/emulator/ml/routes.js";
import { Operations } from "../../src/emulator/operations.js";
import { Projects } from "../../src/emulator/projects/projects.js";
import { StateStore } from "../../src/emulator/state.js";

/** JSON of an answer: a test says what it expects of it. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Json = Record<string, any>;

export interface MlFixture {
  dataDir: string;
  objects: DiskObjectStore;
  logged: LogLine[];
  call(method: string, path: string, body?: unknown): Promise<{ status: number; json: Json }>;
  /** Calls, waits for the operation, and gives it back finished. */
  run(method: string, path: string, body?: unknown): Promise<Json>;
  /** Creates a version of the model `iris`, and gives its finished operation back. */
  createVersion(name: string, version?: Json): Promise<Json>;
  /** Stops it as a normal end would; `keep` leaves its state for another start. */
  stop(options?: { keep?: boolean }): Promise<void>;
}

/** What a version must have. */
export const version = {
  deploymentUri: "gs://acme-models/iris/1",
  runtimeVersion: "2.11",
  pythonVersion: "3.7",
  packageUris: ["gs://acme-models/packages/predictor-1.tar.gz"],
  predictionClass: "fake.Predictor",
};

const runtime: PredictionRuntime = {
  server: fileURLToPath(new URL("emulator-ml-fake-server.mjs", import.meta.url)),
  async install({ packages, onLine }) {
    if (packages.some((path) => path.endsWith("bad-1.tar.gz"))) {
      throw new InstallError("User-provided package bad-1.tar.gz failed to install: exit status 1");
    }
    onLine(`installing ${packages.length} package(s)`);
    return { python: process.execPath, pythonPath: [] };
  },
};

export async function startMl(
  options: { dataDir?: string; latencyMs?: number; longestStartMs?: number } = {},
): Promise<MlFixture> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), "emulator-ml-")));
  const state = await StateStore.open(dataDir);
  const operations = new Operations({ state, latencyMs: options.latencyMs ?? 1 });
  const objects = await DiskObjectStore.open(dataDir, state);
  const access = new ContainerAccess();
  const logged: LogLine[] = [];
  let url = "";
  const ml = mlRoutes({
    state,
    projects: new Projects(state),
    operations,
    objects,
    access,
    logs: { append: (line) => logged.push(line) },
    runtime,
    dataDir,
    homes: join(dataDir, "homes"),
    url: () => url,
    longestStartMs: options.longestStartMs ?? 20_000,
  });
  const routes = [...ml.routes, ...containerRoutes(objects, access)];
  const server = await startHttpServer({ port: 0, routes, onLog: (line) => process.stderr.write(`${line}\n`) });
  url = `http://127.0.0.1:${server.port}`;
  await ml.start();

  const call: MlFixture["call"] = async (method, path, body) => {
    const response = await fetch(`${url}/v1/${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    return { status: response.status, json: (await response.json()) as Json };
  };
  const run: MlFixture["run"] = async (method, path, body) => {
    const { status, json } = await call(method, path, body);
    if (status !== 200) throw new Error(JSON.stringify(json));
    return { ...(await operations.wait(json["name"] as string, 20_000)) };
  };
  return {
    dataDir,
    objects,
    logged,
    call,
    run,
    createVersion: (name, changes = {}) =>
      run("POST", "projects/acme/models/iris/versions", { ...version, name, ...changes }),
    stop: async ({ keep = false } = {}) => {
      await ml.stop();
      await server.close();
      await operations.stop();
      await state.close();
      if (!keep) await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Makes the bucket with a model and packages, and the model resource `iris`. */
export async function prepare(ml: MlFixture, model: Json = {}): Promise<void> {
  await ml.objects.createBucket("acme-models", { project: "acme", location: "EUROPE-WEST1" });
  for (const name of ["iris/1/data/weights", "iris/10/other", "packages/predictor-1.tar.gz", "packages/bad-1.tar.gz"]) {
    await ml.objects.write("acme-models", name, Buffer.from(`content of ${name}`));
  }
  await ml.call("POST", "projects/acme/models", { name: "iris", regions: ["europe-west1"], ...model });
}
