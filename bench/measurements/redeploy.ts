import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startEmulator } from "../../src/emulator/index.js";
import { type AiPlatformClient, getDeployClient } from "../../src/index.js";
import type { Contenders, Measurement, Numbers, Surroundings } from "../measurement.js";
import { trainSmallModel } from "../small-model.js";

const filesMore = 500;
const project = "acme";
const location = "us-central1";

/** A line of the emulator's recorder. */
interface Recorded {
  method: string;
  path: string;
  body: unknown;
}

/** What is sent to deploy a model that is deployed already, and one that needs the same image. Counts, not times. */
export const redeploy: Measurement = { name: "redeploy", setUp, rounds: 1 };

async function setUp(surroundings: Surroundings): Promise<Contenders> {
  const { python, directory, afterwards, say } = surroundings;
  const few = await trainSmallModel(surroundings);
  const many = join(directory, "many");
  await cp(few.directory, many, { recursive: true });
  await writeFiles(join(many, "extra"), filesMore);
  const record = join(directory, "requests.jsonl");
  const emulator = await startEmulator({ dataDir: join(directory, "emulator"), python, record, operationLatencyMs: 1 });
  afterwards(() => emulator.stop());
  await emulator.createBucket("acme-models", { location, project });
  const config = { projectId: project, location, productionBucket: "acme-models", emulatorHost: emulator.host };
  const client = getDeployClient("aiplatform", { config });
  const deploy = async (name: string, modelUri: string) => {
    say(`deploying ${name}`);
    return sentBy(record, client, { name, modelUri });
  };
  return {
    ours: async (): Promise<Numbers> => {
      const one = await deploy("few", few.directory);
      if (bytesOf(one) === 0 || buildsOf(one) === 0)
        throw new Error("The recorder shows nothing of a first deployment.");
      const first = await deploy("many", many);
      const againFew = await deploy("few", few.directory);
      const againMany = await deploy("many", many);
      return {
        requestsOfFiles: againMany.length - againFew.length,
        bytes: bytesOf(againMany),
        builds: buildsOf(first),
      };
    },
  };
}

async function writeFiles(folder: string, count: number): Promise<void> {
  await mkdir(folder);
  for (let file = 0; file < count; file += 1) await writeFile(join(folder, `${file}.txt`), `file ${file}`);
}

/** The requests of one call. */
async function sentBy(
  record: string,
  client: AiPlatformClient,
  request: { name: string; modelUri: string },
): Promise<Recorded[]> {
  const before = await linesOf(record);
  await client.createDeployment(request);
  return (await linesOf(record)).slice(before.length).map((line) => JSON.parse(line) as Recorded);
}

async function linesOf(file: string): Promise<string[]> {
  const text = await readFile(file, "utf8").catch(() => "");
  return text.split("\n").filter((line) => line !== "");
}

function buildsOf(requests: readonly Recorded[]): number {
  return requests.filter(({ method, path }) => method === "POST" && path.endsWith("/builds")).length;
}

function bytesOf(requests: readonly Recorded[]): number {
  return requests.reduce((sum, { body }) => sum + sizeOf(body), 0);
}

/** The recorder says the size of what is no JSON. */
function sizeOf(body: unknown): number {
  if (body === null) return 0;
  const { bytes } = body as { bytes?: number };
  return bytes ?? Buffer.byteLength(JSON.stringify(body));
}
