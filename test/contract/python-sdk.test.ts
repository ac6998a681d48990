import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { Storage } from "@google-cloud/storage";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type Emulator, startEmulator } from "../../src/emulator/index.js";
import { contractPython, testPython } from "../support/python.js";
import { buildSmallImage } from "../support/small-image.js";

const script = fileURLToPath(new URL("python-sdk/drive_emulator.py", import.meta.url));
const location = "europe-west1";
const rows = [
  [1, 2, 3],
  [0.5, -0.25, 4],
];

/** What drive_emulator.py prints. */
interface Seen {
  model: string;
  labels: Record<string, string>;
  uploaded_versions: string[];
  versions: { id: string; aliases: string[] }[];
  by_alias: string;
  listed_models: string[];
  endpoint: string;
  listed_endpoints: string[];
  deployed: { display_name: string; version: string }[];
  traffic: number[];
  predictions: number[];
  served_by: { model: string; version: string };
  explained: number[][];
  explained_values: number[];
  explained_output: string;
  private_predictions: number[];
  private_served_by: boolean;
  private_raw: number[];
  private_health: boolean;
  batch_state: string;
  batch_counts: number[];
  batch_directory: string;
  batch_files: Record<string, string>;
  batch_listed: boolean[];
  batch_left: number;
  refused: Record<string, string>;
  after_undeploy: string[];
  left: { endpoints: string[]; models: string[] };
}

let directory: string;
let emulator: Emulator;
let seen: Seen;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "python-sdk-"));
  emulator = await startEmulator({ dataDir: directory, python: testPython(), operationLatencyMs: 10 });
  const image = await buildSmallImage(emulator, "acme", location);
  await emulator.createBucket("acme-models", { location, project: "acme" });
  const storage = new Storage({ apiEndpoint: emulator.url, projectId: "acme" });
  await storage.bucket("acme-models").file("iris/MLmodel").save("flavors: {}", { resumable: false });
  const lines = rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  await storage.bucket("acme-models").file("rows.jsonl").save(lines, { resumable: false });
  seen = await driveEmulator([
    "--image",
    image,
    "--artifact-uri",
    "gs://acme-models/iris",
    "--instances",
    JSON.stringify(rows),
    "--batch-source",
    "gs://acme-models/rows.jsonl",
    "--batch-destination",
    "gs://acme-models/predictions",
  ]);
});

afterAll(async () => {
  await emulator.stop();
  await rm(directory, { recursive: true });
});

async function driveEmulator(args: readonly string[]): Promise<Seen> {
  const whole = ["-B", script, "--url", emulator.url, "--project", "acme", "--location", location, ...args];
  const { stdout } = await promisify(execFile)(contractPython(), whole, { timeout: 240_000 });
  return JSON.parse(stdout) as Seen;
}

const ofProject = (path: string): RegExp => new RegExp(`^projects/(acme|\\d+)/locations/${location}/${path}$`);

describe("Google's own Python SDK, at the emulator", () => {
  it("uploads a model and a second version of it, with aliases and labels", () => {
    expect(seen.model).toMatch(ofProject("models/sdk-iris"));
    expect(seen.uploaded_versions).toEqual(["1", "2"]);
    expect(seen.versions.toSorted((a, b) => Number(a.id) - Number(b.id))).toEqual([
      { id: "1", aliases: ["champion", "default", "stable"] },
      { id: "2", aliases: ["challenger"] },
    ]);
    expect(seen.by_alias).toBe("2");
    expect(seen.labels).toEqual({ "driven-by": "python-sdk" });
  });

  it("lists the model by its label and the endpoint by its display name", () => {
    expect(seen.listed_models).toEqual(["sdk-iris"]);
    expect(seen.listed_endpoints).toEqual(["sdk-endpoint"]);
  });

  it("deploys both versions to an endpoint, with the traffic it asked for", () => {
    expect(seen.endpoint).toMatch(ofProject("endpoints/sdk-endpoint"));
    expect(seen.deployed.toSorted((a, b) => a.display_name.localeCompare(b.display_name))).toEqual([
      { display_name: "first", version: "1" },
      { display_name: "second", version: "2" },
    ]);
    expect(seen.traffic.filter((share) => share > 0)).toEqual([100]);
  });

  it("gets what the container predicts, and which version did", () => {
    expect(seen.predictions).toEqual(rows.map((row) => row.reduce((sum, value) => sum + value)));
    expect(seen.served_by.model).toMatch(ofProject("models/sdk-iris"));
    expect(seen.served_by.version).toBe("1");
  });

  it("explains predictions", () => {
    expect(seen.explained).toEqual(rows);
    expect(seen.explained_values).toEqual(seen.predictions);
    expect(seen.explained_output).toBe("sum");
  });

  it("predicts at a private endpoint, by the URIs of the model that is deployed there", () => {
    expect(seen.private_predictions).toEqual(seen.predictions);
    expect(seen.private_raw).toEqual(seen.predictions);
    expect(seen.private_served_by).toBe(true);
    expect(seen.private_health).toBe(true);
  });

  it("runs a batch prediction job, reads its output, finds it by a filter and deletes it", () => {
    expect(seen.batch_state).toBe("JOB_STATE_SUCCEEDED");
    expect(seen.batch_counts).toEqual([rows.length, 0]);
    expect(seen.batch_directory).toMatch(/^gs:\/\/acme-models\/predictions\/prediction-iris-\d{4}_\d\d_\d\dT[\d_]+Z$/);
    const predicted = seen.batch_files["prediction.results-00000-of-00001"]!.trim().split("\n");
    expect(predicted.map((line) => JSON.parse(line) as unknown)).toEqual(
      rows.map((row) => ({ instance: row, prediction: row.reduce((sum, value) => sum + value) })),
    );
    expect(seen.batch_listed).toEqual([true]);
    expect(seen.batch_left).toBe(0);
  });

  it("is refused with Google's own kinds of errors", () => {
    // over REST the SDK names an error by its HTTP status alone
    expect(seen.refused).toEqual({
      delete_deployed_endpoint: "BadRequest",
      delete_deployed_model: "BadRequest",
      missing_model: "NotFound",
      same_endpoint_id: "Conflict",
    });
  });

  it("moves traffic, undeploys and deletes, and nothing is left", () => {
    expect(seen.after_undeploy).toEqual(["second"]);
    expect(seen.left).toEqual({ endpoints: [], models: [] });
  });
});
