import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import pLimit from "p-limit";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";

import { type Emulator, startEmulator } from "../../src/emulator/index.js";
import { type AiPlatformClient, type AiPlatformConfig, getDeployClient } from "../../src/index.js";
import { type ProcessCall, runKilled, whatIsThere, writeModel } from "../support/killed-call.js";
import { testPython } from "../support/python.js";
import { buildSmallImage } from "../support/small-image.js";

const parent = "projects/acme/locations/us-central1";

let directory: string;
let emulator: Emulator;
let client: AiPlatformClient;
let config: AiPlatformConfig;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "killed-update-"));
  await writeModel(join(directory, "old"));
  await writeModel(join(directory, "new"), "retrained");
  emulator = await startEmulator({
    dataDir: join(directory, "emulator"),
    python: testPython(),
    operationLatencyMs: 50,
    record: join(inject("recordings"), "killed-update.jsonl"),
  });
  const imageUri = await buildSmallImage(emulator, "acme", "us-central1");
  config = { projectId: "acme", productionBucket: "acme-models", serving: "image", imageUri, drainSeconds: 0 };
  client = getDeployClient("aiplatform", { config: { ...config, emulatorHost: emulator.host } });
  await emulator.createBucket("acme-models", { location: "us-central1", project: "acme" });
});

afterAll(async () => {
  await emulator.stop();
  await rm(directory, { recursive: true });
});

const updating = (name: string): ProcessCall => ({
  method: "update",
  options: { name, modelUri: join(directory, "new") },
  config: { ...config, labels: { team: "x" } },
});

async function created(name: string): Promise<string> {
  await client.createDeployment({ name, modelUri: join(directory, "old") });
  return name;
}

describe("updateDeployment in a process that is killed", () => {
  it(
    "after any of its requests serves on, and is finished by running it again with nothing left of the old",
    { timeout: 600_000 },
    async () => {
      const whole = await runKilled(emulator, updating(await created("whole")), () => false);
      // after one poll of an operation it is as after the next
      const cuts = whole.requests.flatMap((request, at) => (request === whole.requests[at - 1] ? [] : [at + 1]));
      expect(cuts.length).toBeGreaterThan(20);

      const twoAtOnce = pLimit(2);
      const outcomes = await Promise.all(
        cuts.map((cut) =>
          twoAtOnce(async () => {
            const name = await created(`updated-at-${cut}`);
            const call = updating(name);
            const { requests, killed } = await runKilled(emulator, call, (_line, number) => number === cut);
            const { predictions } = await client.predict({ deploymentName: name, inputs: [[1, 2, 3]] });
            const again = { ...call.options, config: { labels: { team: "x" } } };
            await client.updateDeployment(again);
            const { changed, model, trafficPercent } = await client.updateDeployment(again);
            const there = await whatIsThere(emulator, parent, name);
            return { after: requests[cut - 1], killed, predictions, changed, ...there, model, trafficPercent };
          }),
        ),
      );

      expect(outcomes.filter(({ killed }) => killed).length).toBeGreaterThan(20);
      const right = { predictions: [6], changed: false, endpoints: 1, deployed: 1, versions: 2, trafficPercent: 100 };
      expect(outcomes).toEqual(
        outcomes.map(({ after, killed }) => ({
          ...right,
          after,
          killed,
          model: expect.objectContaining({ versionId: "2", source: join(directory, "new") }) as unknown,
        })),
      );
    },
  );
});
