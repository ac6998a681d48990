import { performance } from "node:perf_hooks";
import { getDeployClient } from "../../src/index.js";
import { endpointId } from "../../src/targets/aiplatform/vertex/names.js";
import { childEnvironment, startProcess } from "../../src/runtime/process.js";
import { mockPlatform } from "../../src/testing/index.js";
import type { Surroundings } from "../measurement.js";
import { ownProgram } from "../program.js";
import { median } from "../statistics.js";
import type { Line, Series } from "./series.js";

const place = { projectId: "acme", location: "us-central1" };
const parent = `projects/${place.projectId}/locations/${place.location}`;
const sizes = [1, 10, 100, 500, 2000];
const times = 7;
/** The deployment that is asked for by its name. */
const wanted = "deployment-0";

/** `list` and `get` of projects with more and more deployments: requests, and milliseconds. */
export async function growthOfDeployments({ signal, say }: Surroundings): Promise<Series[]> {
  const requests: Record<"list" | "get", number[]> = { list: [], get: [] };
  const milliseconds: Record<"list" | "get", number[]> = { list: [], get: [] };
  for (const count of sizes) {
    say(`a project of ${count} deployments`);
    const project = await startProject(count, signal);
    try {
      const { deploymentStore } = mockPlatform().services;
      const config = { ...place, emulatorHost: project.host, productionBucket: "acme-models" };
      const client = getDeployClient("aiplatform", { config, services: { deploymentStore } });
      const calls = { list: () => client.listDeployments(), get: () => client.getDeployment({ name: wanted }) };
      for (const [name, call] of Object.entries(calls) as ["list" | "get", () => Promise<unknown>][]) {
        await call();
        await project.requests();
        const taken = [];
        for (let time = 0; time < times; time += 1) {
          const started = performance.now();
          await call();
          taken.push(performance.now() - started);
        }
        requests[name].push((await project.requests()) / times);
        milliseconds[name].push(median(taken));
      }
    } finally {
      await project.stop();
    }
  }
  const of = "deployments in the project";
  return [
    { title: "Requests of list and get", of, sizes, unit: "", lines: linesOf(requests) },
    { title: "Time of list and get", of, sizes, unit: "ms", lines: linesOf(milliseconds) },
  ];
}

async function startProject(count: number, signal: AbortSignal) {
  const ids = { [wanted]: endpointId(wanted) };
  const args = [ownProgram("clients/stub-project.mjs"), JSON.stringify({ count, parent, ids })];
  const port = await new Promise<{ port: number; stop: () => unknown }>((resolve, reject) => {
    const env = childEnvironment();
    const stub = startProcess({
      command: process.execPath,
      args,
      env,
      signal,
      onLine: (text) => resolve({ port: Number(text), stop: () => stub.stop() }),
    });
    void stub.exited.then(() => reject(new Error(`The stub ended: ${stub.lines(12).join("\n")}`)));
  });
  const host = `127.0.0.1:${port.port}`;
  return {
    host,
    requests: async () => (await (await fetch(`http://${host}/requests`)).json()) as number,
    stop: async () => port.stop(),
  };
}

function linesOf(by: Record<string, number[]>): Line[] {
  return Object.entries(by).map(([name, values]) => ({ name, values }));
}
