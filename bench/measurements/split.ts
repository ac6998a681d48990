import { checkEqual } from "../equal-answers.js";
import type { Contenders, Measurement, Numbers, Surroundings } from "../measurement.js";
import { runForJson } from "../program.js";
import { startStubEndpoint } from "../stub-endpoint.js";

const rows = 100_000;

interface Predicted {
  time: number;
  count: number;
  sum: number;
}

/** One call with more rows than a request holds, against the SDK in a loop over as many requests. */
export const split: Measurement = { name: "split", setUp };

async function setUp(surroundings: Surroundings): Promise<Contenders> {
  const { peersPython, signal } = surroundings;
  const stub = await startStubEndpoint(surroundings);
  const role = { role: "client", signal } as const;
  const ours = () => runForJson<Predicted>(process.execPath, "clients/predict.mjs", { ...stub.address, rows }, role);
  const seen = await ours();
  // one of them was for a single row, before the time was taken
  const chunk = Math.ceil(rows / ((await stub.predictions()) - 1));
  const theirs = () => runForJson<Predicted>(peersPython, "peers/predict.py", { ...stub.address, rows, chunk }, role);
  checkEqual({ ours: answerOf(seen), "Python SDK": answerOf(await theirs()) });
  return { ours: async () => timeOf(await ours()), "Python SDK": async () => timeOf(await theirs()) };
}

/** All sums are exact, in any order. */
const answerOf = ({ count, sum }: Predicted) => ({ count, sum });

const timeOf = ({ time }: Predicted): Numbers => ({ time });
