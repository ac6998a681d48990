import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pin } from "./cores.js";
import { checkEqual } from "./equal-answers.js";
import type { Numbers, Surroundings } from "./measurement.js";
import { cpuSeconds, processTree } from "./process-tree.js";
import { runForJson } from "./program.js";
import type { RunningServer, StartServer } from "./servers.js";

/** Before anything is counted, in seconds. */
const warmUp = 0.5;

/** How a server is loaded. */
export interface Load {
  /** Connections, each with one request after the other; with a rate, as many as are needed up to this. */
  connections: number;
  /** Requests a second that are sent whether or not the ones before are answered. Default: none, as fast as they are. */
  rate?: number;
}

/**
 * Starts servers, idle until they are loaded, and checks that their first answers are the same.
 *
 * @param predictionsOf - Takes the predictions out of an answer.
 */
export async function startServers(
  starts: Record<string, StartServer>,
  predictionsOf: (answer: unknown, name: string) => unknown,
  { say, afterwards }: Surroundings,
): Promise<Record<string, RunningServer>> {
  const servers: Record<string, RunningServer> = {};
  for (const [name, start] of Object.entries(starts)) {
    say(`starting ${name}`);
    const server = await start();
    afterwards(() => server.stop());
    pin("server", processTree(server.pid));
    servers[name] = server;
  }
  const answers = Object.entries(servers).map(([name, { answer }]) => [name, predictionsOf(answer, name)] as const);
  checkEqual(Object.fromEntries(answers));
  return servers;
}

/** Loads a server: requests a second, their latency in milliseconds, and the processor time of each. */
export async function load(
  { url, body, pid }: RunningServer,
  how: Load,
  { seconds, signal, directory }: Surroundings,
): Promise<Numbers> {
  const before = cpuSeconds(pid);
  // too long for a command line
  const bodyFile = join(directory, "body.json");
  await writeFile(bodyFile, body);
  const { all, ...numbers } = await runForJson<Numbers & { all: number }>(
    process.execPath,
    "clients/load.mjs",
    { url, bodyFile, ...how, seconds, warmUp },
    { role: "client", signal },
  );
  const after = cpuSeconds(pid);
  if (before === undefined || after === undefined) return numbers;
  return { ...numbers, cpu: ((after - before) / all) * 1000 };
}
