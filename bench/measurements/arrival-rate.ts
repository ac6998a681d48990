import { predictionsOf } from "../equal-answers.js";
import { load, startServers } from "../load.js";
import type { Contenders, Measurement, Numbers, Surroundings } from "../measurement.js";
import { modelServers, type RunningServer } from "../servers.js";
import { trainSmallModel } from "../small-model.js";

/** With which a server's capacity is found. */
const closedConnections = 8;
/** With which requests that come at their own time are sent. */
const openConnections = 256;
/** Of a peer's capacity: what it can just hold. */
const share = 0.75;
/** Of the rate: less was not what was asked for. */
const held = 0.97;

/** The latency of requests that come at a rate which the peer can just hold, whether or not the ones before are answered. */
export const arrivalRate: Measurement = { name: "rate", setUp };

async function setUp(surroundings: Surroundings): Promise<Contenders> {
  const model = await trainSmallModel(surroundings);
  const { ours, ...peers } = await startServers(await modelServers(model, surroundings), predictionsOf, surroundings);
  const rates: Record<string, number> = {};
  for (const [name, server] of Object.entries(peers)) {
    surroundings.say(`finding what ${name} can hold`);
    const { requestsPerSecond = 0 } = await load(server, { connections: closedConnections }, surroundings);
    rates[name] = requestsPerSecond * share;
  }
  const p99At = async (server: RunningServer, peer: string): Promise<Numbers> => {
    const rate = rates[peer] ?? NaN;
    const { p99 = NaN, requestsPerSecond = 0 } = await load(
      server,
      { connections: openConnections, rate },
      surroundings,
    );
    if (requestsPerSecond < rate * held)
      throw new Error(`${peer}'s rate of ${rate.toFixed()} requests a second was not held.`);
    return { [`p99 at the rate of ${peer}`]: p99 };
  };
  const own = async (): Promise<Numbers> => {
    const numbers: Numbers = {};
    for (const peer of Object.keys(peers)) if (ours) Object.assign(numbers, await p99At(ours, peer));
    return numbers;
  };
  const others = Object.entries(peers).map(([name, server]) => [name, () => p99At(server, name)] as const);
  return { ours: own, ...Object.fromEntries(others) };
}
