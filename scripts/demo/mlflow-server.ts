import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { childEnvironment, freePort, startProcess } from "../../src/runtime/process.js";
import type { ManagedProcess } from "../../src/runtime/process.js";

/** How long a server may take until it answers; the first start makes its database. Milliseconds. */
const startTimeout = 120_000;

export interface MlflowServer {
  /** What `MLFLOW_TRACKING_URI` is set to. */
  trackingUri: string;
  stop(): Promise<void>;
}

export interface MlflowServerOptions {
  /** The interpreter of an environment with mlflow. */
  python: string;
  /** Where database and artifacts are kept; a later server over the same directory has the same models. */
  dataDir: string;
  /** A store that clients reach themselves, such as `s3://bucket/path`. Default: the server keeps and proxies artifacts. */
  artifactRoot?: string;
  /** More arguments of `mlflow server`. */
  args?: readonly string[];
  /** More variables of its environment. */
  env?: Record<string, string>;
  signal?: AbortSignal;
}

/** Starts `mlflow server` on a free port of the loopback interface, with a sqlite store. */
export async function startMlflowServer(options: MlflowServerOptions): Promise<MlflowServer> {
  const { python, dataDir, artifactRoot, args = [], env = {}, signal } = options;
  await mkdir(dataDir, { recursive: true });
  const port = await freePort();
  const address = ["--host", "127.0.0.1", "--port", String(port), "--workers", "1"];
  const stores = ["--backend-store-uri", `sqlite:///${join(dataDir, "mlflow.db")}`];
  const artifacts = artifactRoot
    ? ["--default-artifact-root", artifactRoot, "--no-serve-artifacts"]
    : ["--artifacts-destination", join(dataDir, "artifacts"), "--serve-artifacts"];
  const server = startProcess({
    command: python,
    args: ["-m", "mlflow", "server", ...address, ...stores, ...artifacts, ...args],
    // MLflow writes to its working directory, too.
    cwd: dataDir,
    env: mlflowEnvironment(env),
    ...(signal ? { signal } : {}),
  });
  const trackingUri = `http://127.0.0.1:${port}`;
  try {
    await untilHealthy(trackingUri, server);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { trackingUri, stop: async () => server.stop() };
}

/** Nothing sent to MLflow's usage statistics, and none of the server's background jobs, which are ten more processes. */
const quiet = {
  MLFLOW_DISABLE_TELEMETRY: "true",
  MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false",
  PYTHONUNBUFFERED: "1",
};

/** The environment of a Python program that uses MLflow, which holds no credentials. */
export function mlflowEnvironment(variables: Record<string, string> = {}): Record<string, string> {
  return childEnvironment({ ...quiet, ...variables });
}

async function untilHealthy(trackingUri: string, server: ManagedProcess): Promise<void> {
  let ended = false;
  void server.exited.then(() => (ended = true));
  const deadline = Date.now() + startTimeout;
  while (!(await isHealthy(trackingUri))) {
    if (ended || Date.now() > deadline) {
      const what = ended ? "ended before it answered" : `did not answer within ${startTimeout / 1000} s`;
      throw new Error(`The MLflow server ${what}. Its last lines:\n${server.lines(15).join("\n")}`);
    }
    await sleep(200);
  }
}

async function isHealthy(trackingUri: string): Promise<boolean> {
  return fetch(`${trackingUri}/health`, { signal: AbortSignal.timeout(2000) }).then(
    ({ ok }) => ok,
    () => false,
  );
}
