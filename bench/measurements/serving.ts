import { predictionsOf } from "../equal-answers.js";
import { load, startServers } from "../load.js";
import type { Contenders, Measurement, Surroundings } from "../measurement.js";
import { modelServers } from "../servers.js";
import { trainSmallModel } from "../small-model.js";

const connections = 8;

/** Requests a second, their latency, and the processor time of each, of servers of the same model. */
export const serving: Measurement = { name: "serving", setUp };

async function setUp(surroundings: Surroundings): Promise<Contenders> {
  const model = await trainSmallModel(surroundings);
  const servers = await startServers(await modelServers(model, surroundings), predictionsOf, surroundings);
  const entries = Object.entries(servers);
  return Object.fromEntries(entries.map(([name, server]) => [name, () => load(server, { connections }, surroundings)]));
}
