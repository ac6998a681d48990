import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SdistBundleBuilder } from "../src/bundle/bundle-builder.js";
import { MlflowModelResolver } from "../src/mlflow/model-resolver.js";
import { installBundle } from "../src/runtime/bundle-install.js";
import { predictRoute, startBundleServer } from "../src/runtime/bundle-server.js";
import { childEnvironment, freePort, type ManagedProcess, startProcess } from "../src/runtime/process.js";
import { placeModel, processBundle } from "../src/targets/prepare-model.js";
import { batchingVariables } from "../src/targets/settings/request-batching.js";
import type { Surroundings } from "./measurement.js";
import { quietMlflow } from "./program.js";

/** A model that MLflow has saved, and a request to it. */
export interface ServedModel {
  directory: string;
  /** In a form that every server takes. */
  body: string;
}

/** How requests share a call of the model: rows at most, and milliseconds. */
export interface Batching {
  rows: number;
  delay: number;
}

/** How long a server may take until it answers. Milliseconds. */
const startTimeoutMs = 120_000;
/** How often a server that starts is asked. Milliseconds. */
const askedEveryMs = 10;

/** A model server that answers. */
export interface RunningServer {
  pid: number;
  /** Where it takes predictions. */
  url: string;
  /** What it was asked. */
  body: string;
  /** Its first answer. */
  answer: unknown;
  stop(): Promise<void>;
}

/** Starts one more server, and waits until it has answered a prediction. */
export type StartServer = () => Promise<RunningServer>;

/** The servers of a model that are compared, by the names of the rows. */
export async function modelServers(
  model: ServedModel,
  surroundings: Surroundings,
  batching?: Batching,
): Promise<Record<string, StartServer>> {
  return {
    ours: await ownServer(model, surroundings, batching),
    "mlflow models serve": mlflowServer(model, surroundings),
    MLServer: mlserverServer(model, surroundings),
  };
}

/** This package's serving runtime: all that `runLocal` does before it starts its server, and then the start itself. */
async function ownServer(
  model: ServedModel,
  { python, directory, signal }: Surroundings,
  batching?: Batching,
): Promise<StartServer> {
  const context = { report: () => {}, signal };
  const [models, bundles, served, modules, scratch, home] = [
    "models",
    "bundle",
    "served",
    "modules",
    "scratch",
    "home",
  ].map((name) => join(directory, "own", name)) as [string, string, string, string, string, string];
  const resolver = new MlflowModelResolver();
  const resolved = await resolver.resolve({ modelUri: model.directory, directory: models }, context);
  const own = { versionName: null, predictionScript: null, preprocessor: null, setupFile: null };
  const request = { ...processBundle, ...own, model: resolved, directory: bundles };
  const bundle = await new SdistBundleBuilder().build(request, context);
  await Promise.all([placeModel(resolved, served, "link", context), mkdir(home, { recursive: true })]);
  const { pythonVersion } = resolved.metadata;
  const archive = { archive: bundle.localPath, root: bundle.directory, pythonVersion };
  const env = batchingVariables(batching ? { maxBatchSize: batching.rows, maxBatchDelay: batching.delay } : {});
  const installed = await installBundle({ ...archive, python, modules, scratch, signal });
  return async () => {
    const where = { python: installed.path, modules, model: served, home, port: 0, env };
    const server = await startBundleServer({ ...where, startTimeoutMs, signal });
    const url = `${server.url}${predictRoute}`;
    return { ...server, url, body: model.body, answer: await firstAnswer(url, model, server) };
  };
}

/** `mlflow models serve`. */
function mlflowServer(model: ServedModel, { python, directory, signal }: Surroundings): StartServer {
  return async () => {
    const port = await freePort();
    const args = [
      "models",
      "serve",
      "-m",
      model.directory,
      "--env-manager",
      "local",
      "-h",
      "127.0.0.1",
      "-p",
      String(port),
    ];
    return started(port, model, { command: python, args: ["-m", "mlflow", ...args], cwd: directory, signal });
  };
}

/**
 * MLServer, predicting in its own process: with workers of its own a light model is slower.
 *
 * @param more - Settings of the model beside these.
 * @param path - Where it is asked.
 */
export function mlserverServer(
  model: ServedModel,
  { peersPython, directory, signal }: Surroundings,
  more: Record<string, unknown> = {},
  path = "/invocations",
): StartServer {
  return async () => {
    const [port, grpcPort, metricsPort] = [await freePort(), await freePort(), await freePort()];
    const folder = join(directory, `mlserver-${port}`);
    await mkdir(folder);
    const address = { host: "127.0.0.1", http_port: port, grpc_port: grpcPort, metrics_port: metricsPort };
    await writeJson(join(folder, "settings.json"), { ...address, parallel_workers: 0, debug: false });
    const parameters = { uri: model.directory };
    const settings = { name: "model", implementation: "mlserver_mlflow.MLflowRuntime", parameters, ...more };
    await writeJson(join(folder, "model-settings.json"), settings);
    const command = join(dirname(peersPython), "mlserver");
    return started(port, model, { command, args: ["start", folder], cwd: folder, signal }, path);
  };
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFile(path, JSON.stringify(value));
}

async function started(
  port: number,
  model: ServedModel,
  program: { command: string; args: string[]; cwd: string; signal: AbortSignal },
  path = "/invocations",
): Promise<RunningServer> {
  const PATH = `${dirname(program.command)}:${process.env["PATH"] ?? ""}`;
  const server = startProcess({ ...program, env: childEnvironment({ ...quietMlflow, PATH }) });
  const url = `http://127.0.0.1:${port}${path}`;
  try {
    const answer = await firstAnswer(url, model, server);
    return { pid: server.pid, url, body: model.body, answer, stop: async () => server.stop() };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function firstAnswer(
  url: string,
  { body }: ServedModel,
  server: Pick<ManagedProcess, "exited" | "lines">,
): Promise<unknown> {
  const over = new AbortController();
  void server.exited.then(() => over.abort());
  const deadline = Date.now() + startTimeoutMs;
  while (!over.signal.aborted && Date.now() < deadline) {
    const headers = { "content-type": "application/json" };
    const response = await fetch(url, { method: "POST", headers, body }).catch(() => null);
    if (response?.ok) return response.json();
    // there is a server, but no model yet
    await response?.body?.cancel();
    await sleep(askedEveryMs);
  }
  throw new Error(`The server at ${url} did not answer. Its last lines:\n${server.lines(12).join("\n")}`);
}
