import { pin } from "../cores.js";
import { checkEqual, predictionsOf } from "../equal-answers.js";
import type { Contenders, Measurement, Numbers, Surroundings } from "../measurement.js";
import { cpuSeconds, processTree } from "../process-tree.js";
import { runForJson } from "../program.js";
import { modelServers, type RunningServer } from "../servers.js";
import { type SmallModel, trainSmallModel } from "../small-model.js";

const connections = 8;
/** Before anything is counted, in seconds. */
const warmUp = 0.5;

/** Requests a second, their latency, and the processor time of each, of servers of the same model. */
export const serving: Measurement = { name: "serving", setUp };

async function setUp(surroundings: Surroundings): Promise<Contenders> {
  const model = await trainSmallModel(surroundings);
  const starts = await modelServers(model, surroundings);
  const servers: Record<string, RunningServer> = {};
  for (const [name, start] of Object.entries(starts)) {
    surroundings.say(`starting ${name}`);
    const server = await start();
    surroundings.afterwards(() => server.stop());
    pin("server", processTree(server.pid));
    servers[name] = server;
  }
  checkEqual(Object.fromEntries(Object.entries(servers).map(([name, { answer }]) => [name, predictionsOf(answer)])));
  const entries = Object.entries(servers);
  return Object.fromEntries(entries.map(([name, server]) => [name, () => load(server, model, surroundings)]));
}

async function load(
  { url, pid }: RunningServer,
  { body }: SmallModel,
  { seconds, signal }: Surroundings,
): Promise<Numbers> {
  const before = cpuSeconds(pid);
  const task = { url, body, connections, seconds, warmUp };
  const role = { role: "client", signal } as const;
  const { all, ...numbers } = await runForJson<Numbers & { all: number }>(
    process.execPath,
    "clients/load.mjs",
    task,
    role,
  );
  const after = cpuSeconds(pid);
  if (before === undefined || after === undefined) return numbers;
  return { ...numbers, cpu: ((after - before) / all) * 1000 };
}
