import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { checkEqual, predictionsOf } from "../equal-answers.js";
import type { Contenders, Measurement, Numbers, Surroundings } from "../measurement.js";
import { residentMegabytes } from "../process-tree.js";
import { modelServers, type StartServer } from "../servers.js";
import { trainSmallModel } from "../small-model.js";

/** How long a server rests after its first answer, in milliseconds. */
const rest = 1000;

/** From the start of a server's process to its first prediction, and the memory it then has. */
export const start: Measurement = { name: "start", setUp };

async function setUp(surroundings: Surroundings): Promise<Contenders> {
  const model = await trainSmallModel(surroundings);
  const starts = await modelServers(model, surroundings);
  const answers: Record<string, unknown> = {};
  const round = async (name: string, startServer: StartServer): Promise<Numbers> => {
    const started = performance.now();
    const server = await startServer();
    const time = performance.now() - started;
    try {
      answers[name] = predictionsOf(server.answer);
      checkEqual(answers);
      await sleep(rest);
      const memory = residentMegabytes(server.pid);
      return { time, ...(memory !== undefined && { memory }) };
    } finally {
      await server.stop();
    }
  };
  // the first of each finds no compiled Python
  for (const [name, startServer] of Object.entries(starts)) await round(name, startServer);
  return Object.fromEntries(
    Object.entries(starts).map(([name, startServer]) => [name, () => round(name, startServer)]),
  );
}
