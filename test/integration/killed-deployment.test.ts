import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { aiplatform, type aiplatform_v1 } from "googleapis/build/src/apis/aiplatform/index.js";
import { cloudbuild } from "googleapis/build/src/apis/cloudbuild/index.js";
import pLimit from "p-limit";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";

import { type Emulator, startEmulator } from "../../src/emulator/index.js";
import { getDeployClient } from "../../src/index.js";
import { killingProxy } from "../support/killing-proxy.js";
import { testPython } from "../support/python.js";
import { buildSmallImage } from "../support/small-image.js";

const parent = "projects/acme/locations/us-central1";
const script = fileURLToPath(new URL("../support/create-once.ts", import.meta.url));

let directory: string;
let emulator: Emulator;
let imageUri: string;
let modelUri: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "killed-"));
  modelUri = join(directory, "model");
  await writeModel(modelUri);
  emulator = await startEmulator({
    dataDir: join(directory, "emulator"),
    python: testPython(),
    operationLatencyMs: 150,
    record: join(inject("recordings"), "killed-deployment.jsonl"),
  });
  imageUri = await buildSmallImage(emulator, "acme", "us-central1");
  await emulator.createBucket("acme-models", { location: "us-central1", project: "acme" });
});

afterAll(async () => {
  await emulator.stop();
  await rm(directory, { recursive: true });
});

async function writeModel(path: string): Promise<void> {
  await mkdir(path);
  await writeFile(
    join(path, "MLmodel"),
    "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n    python_version: 3.11.7\n",
  );
  await writeFile(join(path, "requirements.txt"), "mlflow==3.17.2\n");
}

const configFor = (emulatorHost: string) => ({
  projectId: "acme",
  productionBucket: "acme-models",
  serving: "image" as const,
  imageUri,
  emulatorHost,
});

function run(
  name: string,
  emulatorHost: string,
  config: object = configFor(emulatorHost),
  model = modelUri,
): ChildProcess {
  const args = ["--import", "tsx", script, name, model, JSON.stringify({ ...config, emulatorHost })];
  return spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
}

/** Runs the command, and kills it when a request has been answered but before the answer arrives. */
async function runKilled(
  name: string,
  isLast: (request: string, number: number) => boolean,
  config?: object,
  model?: string,
): Promise<{ requests: string[]; killed: boolean }> {
  let child: ChildProcess | undefined;
  const proxy = await killingProxy(emulator.url, isLast, () => child?.kill("SIGKILL"));
  child = run(name, proxy.host, config, model);
  const [, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  await proxy.close();
  return { requests: proxy.seen, killed: signal === "SIGKILL" };
}

async function runToEnd(name: string, config?: object, model?: string): Promise<{ changed: boolean }> {
  const child = run(name, emulator.host, config, model);
  let output = "";
  let errors = "";
  child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`The second run of ${name} failed: ${errors}`);
  return JSON.parse(output) as { changed: boolean };
}

const vertex = () => aiplatform({ version: "v1", rootUrl: `${emulator.url}/` }).projects.locations;

/** What there is under a deployment's name, asked of the platform and not of this package. */
async function whatIsThere(name: string) {
  const { data: endpoints } = await vertex().endpoints.list({ parent, filter: `display_name="${name}"` });
  const { data: models } = await vertex().models.list({ parent, filter: `display_name="${name}"` });
  const versions: aiplatform_v1.Schema$GoogleCloudAiplatformV1Model[] = [];
  for (const model of models.models ?? []) {
    const { data } = await vertex().models.listVersions({ name: model.name! });
    versions.push(...(data.models ?? []));
  }
  const deployed = (endpoints.endpoints ?? []).flatMap((endpoint) => endpoint.deployedModels ?? []);
  return { endpoints: endpoints.endpoints?.length ?? 0, deployed: deployed.length, versions: versions.length };
}

describe("createDeployment in a process that is killed", () => {
  it(
    "after any of its requests is finished by running it again, and nothing is there twice",
    { timeout: 900_000 },
    async () => {
      const whole = await runKilled("whole", () => false);
      expect(whole.requests.length).toBeGreaterThan(20);

      const twoAtOnce = pLimit(2);
      const outcomes = await Promise.all(
        whole.requests.map((_request, index) =>
          twoAtOnce(async () => {
            const name = `killed-at-${index + 1}`;
            const { requests, killed } = await runKilled(name, (_line, number) => number === index + 1);
            await runToEnd(name);
            const { changed } = await runToEnd(name);
            return { after: requests[index] ?? "its end", killed, changed, ...(await whatIsThere(name)) };
          }),
        ),
      );

      expect(outcomes.filter(({ killed }) => killed).length).toBeGreaterThan(20);
      const wrong = outcomes.filter(
        ({ endpoints, deployed, versions, changed }) => endpoints !== 1 || deployed !== 1 || versions !== 1 || changed,
      );
      expect(wrong).toEqual([]);
    },
  );

  it("while its image is being built waits for that build, and starts no second one", async () => {
    const config = { projectId: "acme", productionBucket: "acme-models", trackingUri: inject("trackingUri") };
    const isBuild = (line: string) => line.startsWith("POST ") && line.endsWith("/builds");
    const { killed } = await runKilled("built", isBuild, config, "models:/iris@champion");
    expect(killed).toBe(true);
    expect(await runToEnd("built", config, "models:/iris@champion")).toEqual({ changed: true });
    const builds = cloudbuild({ version: "v1", rootUrl: `${emulator.url}/` }).projects.locations.builds;
    const { data } = await builds.list({ parent: "projects/acme/locations/global" });
    expect(data.builds).toHaveLength(1);
  });

  it("answers predictions after it was killed and run again", async () => {
    const client = getDeployClient("aiplatform", { config: configFor(emulator.host) });
    const { predictions } = await client.predict({ deploymentName: "killed-at-9", inputs: [[1, 2, 3]] });
    expect(predictions).toEqual([6]);
  });
});
