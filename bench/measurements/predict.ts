import { checkEqual } from "../equal-answers.js";
import type { Contenders, Measurement, Numbers, Surroundings } from "../measurement.js";
import { runForJson } from "../program.js";
import { startStubEndpoint, type StubEndpoint } from "../stub-endpoint.js";

const rows = [
  [5.1, 3.5, 1.4, 0.2],
  [6.2, 2.9, 4.3, 1.3],
];

interface Predicted {
  requestsPerSecond: number;
  predictions: unknown;
}

/** Predictions a second of a client, one after the other and 64 at a time, of an endpoint that answers at once. */
export const predict: Measurement = { name: "predict", setUp };

async function setUp(surroundings: Surroundings): Promise<Contenders> {
  const stub = await startStubEndpoint(surroundings);
  const { peersPython } = surroundings;
  const programs: Record<string, [command: string, program: string]> = {
    ours: [process.execPath, "clients/predict.mjs"],
    "Python SDK": [peersPython, "peers/predict.py"],
    undici: [process.execPath, "clients/undici.mjs"],
  };
  const answers: Record<string, unknown> = {};
  const round = async (name: string, program: [string, string]): Promise<Numbers> => {
    const [loop, together] = [await ask(program, stub, 1, surroundings), await ask(program, stub, 64, surroundings)];
    answers[name] = loop.predictions;
    checkEqual(answers);
    return { loop: loop.requestsPerSecond, together: together.requestsPerSecond };
  };
  const entries = Object.entries(programs);
  return Object.fromEntries(entries.map(([name, program]) => [name, () => round(name, program)]));
}

async function ask(
  [command, program]: [string, string],
  { address }: StubEndpoint,
  concurrency: number,
  { seconds, signal }: Surroundings,
): Promise<Predicted> {
  return runForJson(command, program, { ...address, rows, seconds, concurrency }, { role: "client", signal });
}
