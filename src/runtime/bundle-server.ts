import { get } from "node:http";
import { delimiter, dirname } from "node:path";

import { DeploymentError, throwIfCancelled } from "../core/errors.js";
import { childEnvironment } from "./child-environment.js";
import { type ManagedProcess, type ProcessExit, startProcess } from "./process.js";

/** How much of a server's output an error shows, in lines. */
const shownLines = 12;

/** What the serving runtime says when its model is loaded and it listens. */
const serving = /^INFO serving_runtime: serving .* on http:\/\/127\.0\.0\.1:(\d+)$/;

const healthRoute = "/ping";

/** Where a server of {@link startBundleServer} takes predictions. */
export const predictRoute = "/invocations";

export interface BundleServerOptions {
  /** The interpreter, with all that model and serving runtime import. */
  python: string;
  /** Where the bundle's modules are: `predictor` and `serving_runtime`. */
  modules: string;
  /** The model's directory. */
  model: string;
  /** TCP port on 127.0.0.1; 0 for any free one. */
  port: number;
  /** Variables for the model, beside those of the contract. */
  env: Readonly<Record<string, string>>;
  /** A directory of this process alone: its home and its working directory. */
  home: string;
  /** How long the model may take to load. Milliseconds. */
  startTimeoutMs: number;
  onLine?: (line: string) => void;
  signal?: AbortSignal | undefined;
}

/** A Python process that serves a model by the container contract. */
export interface BundleServer {
  pid: number;
  port: number;
  /** `http://127.0.0.1:PORT`. */
  url: string;
  exited: Promise<ProcessExit>;
  lines(count: number): string[];
  /** Has it end the requests under way, and kills it after `graceMs` milliseconds (default 5,000). */
  stop(graceMs?: number): Promise<void>;
}

/**
 * Serves a model with its bundle on loopback, and waits until it answers. The process sees none of this one's credentials,
 * and ends with this process.
 *
 * @throws DeploymentError `FAILED_PRECONDITION` with the last lines when it ends, or is not ready in time; `CANCELLED`. No
 * process is left then.
 */
export async function startBundleServer(options: BundleServerOptions): Promise<BundleServer> {
  throwIfCancelled(options.signal, "Starting the model server");
  let announce!: (port: number) => void;
  const announced = new Promise<number>((resolve) => (announce = resolve));
  const server = startProcess({
    command: options.python,
    args: ["-m", "serving_runtime"],
    // python -m looks for modules in the working directory first: nothing of the caller's may be there
    cwd: options.home,
    env: environment(options),
    onLine: (line) => {
      options.onLine?.(line);
      const port = serving.exec(line)?.[1];
      if (port !== undefined) announce(Number(port));
    },
  });
  const port = await ready(server, announced, options).catch(async (error: unknown) => {
    await server.stop();
    throw error;
  });
  return { ...server, port, url: `http://127.0.0.1:${port}` };
}

/** Resolves when the server has said its port and is healthy. */
async function ready(
  server: ManagedProcess,
  announced: Promise<number>,
  options: BundleServerOptions,
): Promise<number> {
  const over = new AbortController();
  const failed = new Promise<never>((_, reject) => {
    const seconds = Math.round(options.startTimeoutMs / 1000);
    const late = () => reject(failure(`The model server was not ready after ${seconds} s (startTimeout)`, server));
    const timer = setTimeout(late, options.startTimeoutMs);
    over.signal.addEventListener("abort", () => clearTimeout(timer));
    const cancel = () => reject(new DeploymentError("CANCELLED", "Starting the model server was cancelled."));
    options.signal?.addEventListener("abort", cancel, { once: true, signal: over.signal });
    void server.exited.then(() => reject(failure("The model server ended before it was ready", server)));
  });
  failed.catch(() => {}); // also when nobody waits any more
  try {
    const port = await Promise.race([announced, failed]);
    await Promise.race([checkHealth(port, over.signal, server), failed]);
    return port;
  } finally {
    over.abort();
  }
}

/** Whether a server answers its health route. */
export async function isHealthy(port: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { host: "127.0.0.1", port, path: healthRoute, agent: false, signal };
    const request = get(options, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on("error", () => resolve(false));
  });
}

async function checkHealth(port: number, signal: AbortSignal, server: ManagedProcess): Promise<void> {
  if (await isHealthy(port, signal)) return;
  throw failure("The model server said it was ready, but does not answer its health route", server);
}

function environment(options: BundleServerOptions): Record<string, string> {
  const { env, home, model, modules, port, python } = options;
  return childEnvironment({
    PATH: [dirname(python), process.env["PATH"]].filter(Boolean).join(delimiter),
    PYTHONUNBUFFERED: "1",
    PYTHONNOUSERSITE: "1",
    PYTHONDONTWRITEBYTECODE: "1", // the model's directory is as it was deployed
    ...env,
    HOME: home,
    PYTHONPATH: [modules, env["PYTHONPATH"]].filter(Boolean).join(delimiter),
    SERVING_MODEL_DIR: model,
    SERVING_HOST: "127.0.0.1",
    AIP_HTTP_PORT: String(port),
    AIP_HEALTH_ROUTE: healthRoute,
    AIP_PREDICT_ROUTE: predictRoute,
  });
}

function failure(what: string, server: ManagedProcess): DeploymentError {
  const lines = server.lines(shownLines).filter((line) => line.trim() !== "");
  const said = lines.length === 0 ? " It wrote nothing." : ` Its last lines:\n  ${lines.join("\n  ")}`;
  return new DeploymentError("FAILED_PRECONDITION", `${what}.${said}`);
}
