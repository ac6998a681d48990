import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { cloudbuild } from "googleapis/build/src/apis/cloudbuild/index.js";
import pLimit from "p-limit";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";

import { type Emulator, startEmulator } from "../../src/emulator/index.js";
import { getDeployClient } from "../../src/index.js";
import { type ProcessCall, runKilled, runToEnd, whatIsThere, writeModel } from "../support/killed-call.js";
import { testPython } from "../support/python.js";
import { buildSmallImage } from "../support/small-image.js";

const parent = "projects/acme/locations/us-central1";

let directory: string;
let emulator: Emulator;
let config: { projectId: string; productionBucket: string; serving: "image"; imageUri: string };

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "killed-"));
  await writeModel(join(directory, "model"));
  emulator = await startEmulator({
    dataDir: join(directory, "emulator"),
    python: testPython(),
    operationLatencyMs: 150,
    record: join(inject("recordings"), "killed-deployment.jsonl"),
  });
  const imageUri = await buildSmallImage(emulator, "acme", "us-central1");
  config = { projectId: "acme", productionBucket: "acme-models", serving: "image", imageUri };
  await emulator.createBucket("acme-models", { location: "us-central1", project: "acme" });
});

afterAll(async () => {
  await emulator.stop();
  await rm(directory, { recursive: true });
});

const creating = (name: string): ProcessCall => ({
  method: "create",
  options: { name, modelUri: join(directory, "model") },
  config,
});

describe("createDeployment in a process that is killed", () => {
  it(
    "after any of its requests is finished by running it again, and nothing is there twice",
    { timeout: 900_000 },
    async () => {
      const whole = await runKilled(emulator, creating("whole"), () => false);
      expect(whole.requests.length).toBeGreaterThan(20);

      const twoAtOnce = pLimit(2);
      const outcomes = await Promise.all(
        whole.requests.map((_request, index) =>
          twoAtOnce(async () => {
            const call = creating(`killed-at-${index + 1}`);
            const { requests, killed } = await runKilled(emulator, call, (_line, number) => number === index + 1);
            await runToEnd(emulator, call);
            const { changed } = await runToEnd(emulator, call);
            const there = await whatIsThere(emulator, parent, call.options.name);
            return { after: requests[index] ?? "its end", killed, changed, ...there };
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
    const call: ProcessCall = {
      method: "create",
      options: { name: "built", modelUri: "models:/iris@champion" },
      config: { projectId: "acme", productionBucket: "acme-models", trackingUri: inject("trackingUri") },
    };
    const isBuild = (line: string) => line.startsWith("POST ") && line.endsWith("/builds");
    const { killed } = await runKilled(emulator, call, isBuild);
    expect(killed).toBe(true);
    expect(await runToEnd(emulator, call)).toMatchObject({ changed: true });
    const builds = cloudbuild({ version: "v1", rootUrl: `${emulator.url}/` }).projects.locations.builds;
    const { data } = await builds.list({ parent: "projects/acme/locations/global" });
    expect(data.builds).toHaveLength(1);
  });

  it("answers predictions after it was killed and run again", async () => {
    const client = getDeployClient("aiplatform", { config: { ...config, emulatorHost: emulator.host } });
    const { predictions } = await client.predict({ deploymentName: "killed-at-9", inputs: [[1, 2, 3]] });
    expect(predictions).toEqual([6]);
  });
});
