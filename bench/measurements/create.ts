import { join } from "node:path";
import { startEmulator } from "../../src/emulator/index.js";
import { getDeployClient } from "../../src/index.js";
import type { Contenders, Measurement, Numbers, Surroundings } from "../measurement.js";
import { runForJson } from "../program.js";
import { trainSmallModel } from "../small-model.js";

const place = { project: "acme", location: "us-central1" };
const parent = `projects/${place.project}/locations/${place.location}`;
const bucket = "acme-models";

/** What a client says of one deployment. */
interface Created {
  /** Milliseconds. */
  time: number;
  /** The endpoint's resource name. */
  endpoint: string;
}

interface Operation {
  metadata: { genericMetadata: { createTime: string; updateTime: string } };
}

/**
 * The time of a deployment that is the client's own: without that of the operation that starts the container, which is the
 * emulator's for both. The image is there, and so are the artifacts of the model that the SDK registers.
 */
export const create: Measurement = { name: "create", setUp };

async function setUp(surroundings: Surroundings): Promise<Contenders> {
  const { python, peersPython, directory, afterwards, say, signal } = surroundings;
  const model = await trainSmallModel(surroundings);
  const dataDir = join(directory, "emulator");
  const emulator = await startEmulator({ dataDir, python, operationLatencyMs: 1 });
  afterwards(() => emulator.stop());
  await emulator.createBucket(bucket, place);
  const config = {
    projectId: place.project,
    location: place.location,
    productionBucket: bucket,
    emulatorHost: emulator.host,
  };
  const client = getDeployClient("aiplatform", { config });
  say("building the image");
  await client.createDeployment({ name: "first", modelUri: model.directory });
  const { models } = await get<{ models: { containerSpec: object; artifactUri: string }[] }>(`${parent}/models`);
  await client.deleteDeployment({ name: "first" });
  const task = { ...place, host: emulator.host, bucket, modelUri: model.directory, ...models[0] };
  let count = 0;
  const round = async (command: string, program: string): Promise<Numbers> => {
    const name = `created-${(count += 1)}`;
    const { time, endpoint } = await runForJson<Created>(command, program, { ...task, name }, { signal });
    const { operations } = await get<{ operations: Operation[] }>(`${endpoint}/operations`);
    const longest = Math.max(...operations.map(durationOf));
    await client.deleteEndpoint({ endpoint: endpoint.split("/").at(-1) ?? "", config: { ...config } }).catch(() => {});
    return { time: time - longest };
  };
  return {
    ours: () => round(process.execPath, "clients/create.mjs"),
    "Python SDK": () => round(peersPython, "peers/create.py"),
  };

  async function get<T>(path: string): Promise<T> {
    const answer = await fetch(`http://${emulator.host}/v1/${path}`);
    if (!answer.ok) throw new Error(`${path} was answered with ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as T;
  }
}

function durationOf({ metadata: { genericMetadata } }: Operation): number {
  return Date.parse(genericMetadata.updateTime) - Date.parse(genericMetadata.createTime);
}
