/*
 * The supervisor of one deployment: a process of its own that goes on when the program which started it has ended. It owns the
 * deployment's port, and runs the Python process that serves.
 *
 * Arguments: the deployment's name, its directory, the port that it had or is to have, and whether it must be that one.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { processIdentity } from "../../../runtime/process-identity.js";
import { DeploymentDirectory } from "../state/deployment-directory.js";
import { control } from "./control.js";
import { forward } from "./proxy.js";
import { Supervisor } from "./supervisor.js";

/** What is told to the program that starts it. */
export type StartMessage = { ready: true } | { ready: false; code: string; message: string };

/** How often it looks whether it is still needed. */
const lookEveryMs = 10_000;
/** A supervisor that serves nothing for so long was left by a program that was killed. */
const longestIdleMs = 60_000;
/** How long the requests under way may take when the deployment is deleted. */
const stopGraceMs = 5000;
/** Clients keep idle connections for less, so that none is closed when it is used. */
const keepAliveMs = 75_000;

async function main([name = "", path = "", port = "0", fixed = "false"]: readonly string[]): Promise<void> {
  const directory = new DeploymentDirectory(name, path);
  const token = randomBytes(32).toString("base64url");
  const supervisor = new Supervisor(randomUUID(), directory);

  const predictions = serverOf((incoming, outgoing) => {
    forward(incoming, outgoing, (signal) => supervisor.lease(signal)).catch((error: unknown) => {
      supervisor.log(`a request could not be sent on: ${String(error)}`);
      outgoing.destroy();
    });
  });
  const stop = async (): Promise<void> => {
    predictions.close();
    await supervisor.stop(stopGraceMs);
    process.exit(0);
  };
  const controls = serverOf((incoming, outgoing) => void control(incoming, outgoing, { supervisor, token, stop }));
  await listen(predictions, Number(port), fixed === "true");
  await listen(controls, 0, true);

  await directory.writeSupervisor({
    schemaVersion: 1,
    id: supervisor.id,
    pid: process.pid,
    startIdentity: await processIdentity(process.pid),
    port: portOf(predictions),
    controlPort: portOf(controls),
    token,
  });
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => void stop());
  process.on("SIGHUP", () => {}); // it goes on without the terminal that it was started from
  tell({ ready: true });
  endWhenNotNeeded(supervisor, directory, stop);
}

function serverOf(listener: RequestListener): Server {
  const server = createServer({ keepAliveTimeout: keepAliveMs, requestTimeout: 0 }, listener);
  server.on("clientError", (_error, socket) => socket.destroy());
  return server;
}

/** Listens on the port; on any free one when it is taken and need not be that one. */
async function listen(server: Server, port: number, fixed: boolean): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", () => {
        server.off("error", reject);
        resolve();
      });
    });
  } catch (error) {
    if (fixed || port === 0) throw error;
    await listen(server, 0, true);
  }
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** Ends when nothing was ever served, when the deployment's directory is gone, or when another supervisor has taken over. */
function endWhenNotNeeded(supervisor: Supervisor, directory: DeploymentDirectory, stop: () => Promise<void>): void {
  let idleSince: number | null = null;
  setInterval(() => {
    idleSince = supervisor.isIdle ? (idleSince ?? Date.now()) : null;
    if (idleSince !== null && Date.now() - idleSince > longestIdleMs) void stop();
    directory.readSupervisor().then(
      (state) => (state?.id === supervisor.id ? undefined : stop()),
      () => {}, // it cannot be read now
    );
  }, lookEveryMs);
}

/** Says how the start went, and lets go of the program that asked for it. */
function tell(message: StartMessage): void {
  process.send?.(message, undefined, {}, () => {
    if (process.connected) process.disconnect();
  });
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const { code = "", message } = error as NodeJS.ErrnoException;
  tell({ ready: false, code, message });
  process.exitCode = 1;
  setTimeout(() => process.exit(1), 1000).unref();
}
