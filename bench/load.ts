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

/** Requests that come at a rate, whether or not the ones before are answered. */
export interface Arrivals {
  /** Requests a second. */
  rate: number;
  /** Of the gaps between them: the same requests come at the same times. */
  seed: number;
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

/** Connections for requests that come at a rate: more than are ever waiting at a rate that a server can hold. */
const connectionsForArrivals = 64;

/**
 * Loads a server over connections with one request after the other: requests a second, their latency in milliseconds, and the
 * processor time of each.
 */
export async function load(
  server: RunningServer,
  { connections }: { connections: number },
  surroundings: Surroundings,
): Promise<Numbers> {
  const before = cpuSeconds(server.pid);
  const { all = NaN, ...numbers } = await runClient("clients/load.mjs", server, { connections }, surroundings);
  const after = cpuSeconds(server.pid);
  if (before === undefined || after === undefined) return numbers;
  return { ...numbers, cpu: ((after - before) / all) * 1000 };
}

/** Sends a server requests at a rate: their latency in milliseconds from when they were due, and how late they were sent. */
export async function loadAtRate(
  server: RunningServer,
  arrivals: Arrivals,
  surroundings: Surroundings,
): Promise<Numbers> {
  const how = { ...arrivals, connections: connectionsForArrivals };
  return runClient("clients/load-at-rate.mjs", server, how, surroundings);
}

async function runClient(
  program: string,
  { url, body }: RunningServer,
  how: Record<string, number>,
  { seconds, signal, directory }: Surroundings,
): Promise<Numbers> {
  // too long for a command line
  const bodyFile = join(directory, "body.json");
  await writeFile(bodyFile, body);
  const task = { url, bodyFile, ...how, seconds, warmUp };
  return runForJson<Numbers>(process.execPath, program, task, { role: "client", signal });
}
