import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, open, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { DeploymentError, throwIfCancelled } from "../../../core/errors.js";
import { childEnvironment } from "../../../runtime/process.js";
import { portError } from "../../../runtime/port.js";
import type { DeploymentDirectory } from "../state/deployment-directory.js";
import { SupervisorConnection } from "./connection.js";
import type { StartMessage } from "./main.js";

/** How long it may take to start. Milliseconds. */
const startLimitMs = 30_000;
/** How much of what it said an error shows, in lines. */
const shownLines = 5;

/** The ports that a supervisor may have. */
export interface SupervisorPort {
  /** The one to have. 0 for any. */
  wanted: number;
  /** Whether another one will not do. */
  fixed: boolean;
}

/**
 * Starts the supervisor of a deployment: a process in a session of its own, which goes on when this one has ended.
 *
 * @throws DeploymentError `FAILED_PRECONDITION` when its port is taken, or it does not start.
 */
export async function startSupervisor(
  directory: DeploymentDirectory,
  port: SupervisorPort,
  signal: AbortSignal | undefined,
): Promise<SupervisorConnection> {
  throwIfCancelled(signal, "Starting the supervisor");
  const home = join(directory.homes, "supervisor");
  await mkdir(home, { recursive: true, mode: 0o700 });
  const outputPath = join(directory.logs, "supervisor.log");
  const output = await open(outputPath, "w", 0o600);
  let message: StartMessage;
  try {
    const child = spawn(
      process.execPath,
      [...program(), directory.name, directory.path, String(port.wanted), String(port.fixed)],
      {
        cwd: home,
        env: childEnvironment({ HOME: home }),
        detached: true,
        stdio: ["ignore", output.fd, output.fd, "ipc"],
        windowsHide: true,
      },
    );
    message = await startOf(child);
    child.unref();
  } finally {
    await output.close();
  }
  const connection = message.ready ? await SupervisorConnection.find(directory) : null;
  if (connection) return connection;
  if (!message.ready && /^EADDRINUSE|^EACCES/.test(message.code)) throw portError(port.wanted, message.code);
  const said = (await readFile(outputPath, "utf8")).trim().split("\n").slice(-shownLines);
  const reason = message.ready ? "it ended at once" : message.message;
  throw new DeploymentError(
    "FAILED_PRECONDITION",
    `The supervisor of "${directory.name}" did not start: ${reason}. Its last lines:\n  ${said.join("\n  ")}`,
  );
}

/** The supervisor's program beside this one: compiled, or its source, as in this package's own tests. */
function program(): string[] {
  const here = import.meta.url;
  const isSource = here.endsWith(".ts");
  const main = fileURLToPath(new URL(isSource ? "./main.ts" : "./main.js", here));
  if (!isSource) return [main];
  return ["--import", pathToFileURL(createRequire(here).resolve("tsx")).href, main];
}

function startOf(child: ChildProcess): Promise<StartMessage> {
  return new Promise((resolve) => {
    const failed = (message: string) => resolve({ ready: false, code: "", message });
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      failed(`it said nothing within ${startLimitMs / 1000} s`);
    }, startLimitMs);
    child.once("message", (message) => resolve(message as StartMessage));
    child.once("error", (error) => failed(error.message));
    child.once("exit", (code, by) => failed(`it ended (${by ?? code})`));
    child.once("message", () => clearTimeout(timer));
    child.once("exit", () => clearTimeout(timer));
    child.once("error", () => clearTimeout(timer));
  });
}
