import { predictionsOf } from "../equal-answers.js";
import { load, loadAtRate, startServers } from "../load.js";
import type { Contenders, Measurement, Numbers, Surroundings } from "../measurement.js";
import { modelServers, type RunningServer } from "../servers.js";
import { trainSmallModel } from "../small-model.js";

/** With which a server's capacity is found: so many requests are always there. */
const connections = 8;
/** Of its capacity: the rates of which a peer just holds one, the highest first. */
const shares = [0.95, 0.9, 0.8, 0.7, 0.6, 0.5];

/** A server, and what it can hold. */
interface Peer {
  name: string;
  server: RunningServer;
  /** The median latency of its requests when there are always as many as {@link connections}. */
  p50: number;
  /** Rates that it may hold, the highest first; those that it did not hold are gone. */
  rates: readonly number[];
}

/** The latency of requests that come at a rate which the peer can just hold, whether or not the ones before are answered. */
export const arrivalRate: Measurement = { name: "rate", setUp };

async function setUp(surroundings: Surroundings): Promise<Contenders> {
  const model = await trainSmallModel(surroundings);
  const starts = await modelServers(model, surroundings);
  const { ours, ...others } = await startServers(starts, predictionsOf, surroundings);
  if (!ours) throw new Error("There is no server of this package.");
  const peers: Peer[] = [];
  for (const [name, server] of Object.entries(others)) {
    surroundings.say(`finding what ${name} can hold`);
    const { requestsPerSecond = NaN, p50 = NaN } = await load(server, { connections }, surroundings);
    const peer = { name, server, p50, rates: shares.map((share) => requestsPerSecond * share) };
    await atHeldRate(peer, 0, surroundings);
    peers.push(peer);
  }
  const own = async (seed: number): Promise<Numbers> => {
    const numbers: Numbers = {};
    for (const { name, rates } of peers) {
      const [rate = NaN] = rates;
      Object.assign(numbers, named(name, await loadAtRate(ours, { rate, seed }, surroundings)));
    }
    return numbers;
  };
  const rounds = peers.map((peer) => [peer.name, (seed: number) => atHeldRate(peer, seed, surroundings)] as const);
  return Object.fromEntries([["ours", own] as const, ...rounds].map(([name, round]) => [name, counted(round)]));
}

/** Each round has arrivals of its own, which are the same for ours and its peer. */
function counted(round: (seed: number) => Promise<Numbers>): () => Promise<Numbers> {
  let count = 0;
  return () => round((count += 1));
}

/**
 * Measures a peer at the highest rate at which its queue does not grow, and drops those at which it does. A queue that grows
 * has soon more requests than there were connections, so that the middle one of all, or of the last third, takes longer than
 * it took with those. That the first third takes less than the last says nothing: with random gaps it often does.
 */
async function atHeldRate(peer: Peer, seed: number, surroundings: Surroundings): Promise<Numbers> {
  for (const rate of peer.rates) {
    const numbers = await loadAtRate(peer.server, { rate, seed }, surroundings);
    const { p50 = NaN, p50OfLastThird = NaN } = numbers;
    if (Math.max(p50, p50OfLastThird) <= peer.p50) return named(peer.name, { ...numbers, rate });
    peer.rates = peer.rates.slice(1);
  }
  const least = `${(shares.at(-1) ?? NaN) * 100} %`;
  throw new Error(
    `${peer.name}'s queue grew even at ${least} of its capacity. Is the machine busy with something else?`,
  );
}

/** Ours has numbers at each peer's rate. */
function named(peer: string, numbers: Numbers): Numbers {
  return Object.fromEntries(
    Object.entries(numbers).map(([metric, number]) => [`${metric} at the rate of ${peer}`, number]),
  );
}
