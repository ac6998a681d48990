import { childEnvironment, startProcess } from "../src/runtime/process.js";
import { pinned } from "./cores.js";
import type { Surroundings } from "./measurement.js";
import { ownProgram } from "./program.js";

const place = { project: "acme", location: "us-central1" };
const parent = `projects/${place.project}/locations/${place.location}`;

/** A Vertex AI endpoint on this machine that answers at once. */
export interface StubEndpoint {
  /** What a client is told of it. */
  address: { host: string; project: string; location: string; endpoint: string };
  /** Predictions that it was asked for so far. */
  predictions(): Promise<number>;
}

/** Starts one, which ends with the measurement. */
export async function startStubEndpoint({ signal, afterwards }: Surroundings): Promise<StubEndpoint> {
  const endpoint = `${parent}/endpoints/1234567890`;
  const model = `${parent}/models/2345678901`;
  const args = [ownProgram("clients/stub-endpoint.mjs"), JSON.stringify({ endpoint, model })];
  const port = await new Promise<number>((resolve, reject) => {
    const line = pinned("server", process.execPath, args);
    const stub = startProcess({ ...line, env: childEnvironment(), signal, onLine: (text) => resolve(Number(text)) });
    afterwards(() => stub.stop());
    void stub.exited.then(() => reject(new Error(`The stub endpoint ended: ${stub.lines(12).join("\n")}`)));
  });
  const host = `127.0.0.1:${port}`;
  return {
    address: { ...place, host, endpoint },
    predictions: async () => (await (await fetch(`http://${host}/predictions`)).json()) as number,
  };
}
