import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";

import { type Emulator, startEmulator } from "../../src/emulator/index.js";
import { type AiPlatformClient, getDeployClient, type PredictionsResponse } from "../../src/index.js";
import { writePyfuncOf } from "../support/pyfunc-model.js";
import { testPython } from "../support/python.js";
import { runCli } from "../support/run-cli.js";

/** Answers what it was given, as Python has it. */
const echo = `
def _load_pyfunc(path):
    return Echo()


class Echo:
    def predict(self, rows, params=None):
        return [
            {"id": int(row["id"]), "x": repr(float(row["x"])), "name": row["name"], "at": row["at"].isoformat()}
            for row in rows.to_dict("records")
        ]
`;
const signature = {
  inputs: [
    { name: "id", type: "long" },
    { name: "x", type: "double" },
    { name: "name", type: "string" },
    { name: "at", type: "datetime" },
  ],
  outputs: [{ name: "id", type: "long" }, ...["x", "name", "at"].map((name) => ({ name, type: "string" }))],
};
/** Of a model without a signature: whole numbers plus two. */
const plusTwo = `
def _load_pyfunc(path):
    return PlusTwo()


class PlusTwo:
    def predict(self, rows, params=None):
        return [int(row) + 2 for row in rows]
`;

const at = new Date("2026-11-23T12:00:00.250Z");
const row = { id: 1, x: 0.5, name: "a", at };

let directory: string;
let recording: string;
let emulator: Emulator;
let client: AiPlatformClient;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "predictions-"));
  recording = join(inject("recordings"), "predictions.jsonl");
  await writePyfuncOf(join(directory, "echo"), echo, signature);
  await writePyfuncOf(join(directory, "plus-two"), plusTwo, {});
  emulator = await startEmulator({
    dataDir: join(directory, "emulator"),
    python: testPython(),
    record: recording,
    operationLatencyMs: 10,
  });
  await emulator.createBucket("acme-models", { location: "us-central1", project: "acme" });
  const config = { projectId: "acme", productionBucket: "acme-models", emulatorHost: emulator.host, drainSeconds: 0 };
  client = getDeployClient("aiplatform", { config });
  await client.createDeployment({ name: "echo", modelUri: join(directory, "echo") });
  await client.createDeployment({ name: "plus-two", modelUri: join(directory, "plus-two") });
});

afterAll(async () => {
  await emulator.stop();
  await rm(directory, { recursive: true });
});

/** What the emulator was asked while the work was done, as `METHOD method` of the path's end. */
async function askedDuring(work: () => Promise<unknown>): Promise<string[]> {
  const lines = async () => (await readFile(recording, "utf8")).trimEnd().split("\n");
  const before = (await lines()).length;
  await work();
  const asked = (await lines()).slice(before).map((line) => JSON.parse(line) as { method: string; path: string });
  return asked.map(({ method, path }) => `${method} ${path.split(/[:/]/).at(-1)}`);
}

describe("a prediction by the signature", () => {
  it("loses nothing on the way: NaN, infinities, integers beyond 2^53, dates", async () => {
    const inputs = [
      { ...row, id: 9007199254740993n, x: Number.NaN },
      { ...row, id: -9007199254740993n, x: Number.NEGATIVE_INFINITY, at: "2026-11-23" },
      { ...row, x: 0.1 },
    ];
    const { predictions } = await client.predict({ deploymentName: "echo", inputs });
    expect(predictions).toEqual([
      { id: 9007199254740993n, x: "nan", name: "a", at: "2026-11-23T12:00:00.250000" },
      { id: -9007199254740993n, x: "-inf", name: "a", at: "2026-11-23T00:00:00" },
      { id: 1, x: "0.1", name: "a", at: "2026-11-23T12:00:00.250000" },
    ]);
  });

  it("reads CSV by the columns, also on the command line, which prints all digits", async () => {
    const csv = "name,id,at,x\n007,9007199254740993,2026-11-23,NaN\n";
    const { predictions } = await client.predict({ deploymentName: "echo", inputs: { csv } });
    expect(predictions).toEqual([{ id: 9007199254740993n, x: "nan", name: "007", at: "2026-11-23T00:00:00" }]);

    const file = join(directory, "rows.csv");
    await writeFile(file, csv);
    const target = ["-t", "aiplatform", "-C", "projectId=acme", "-C", `emulatorHost=${emulator.host}`];
    const { code, out } = await runCli(["predict", ...target, "--name", "echo", "-I", file]);
    expect([code, JSON.stringify(out)]).toEqual([0, expect.stringContaining('\\"id\\": 9007199254740993,')]);
  });

  it("is one request once the model is known", async () => {
    const predict = () => client.predict({ deploymentName: "echo", inputs: [row] });
    await predict();
    expect(await askedDuring(predict)).toEqual(["POST predict"]);
  });

  it("is refused before it is sent, in the words in which the model's server refuses it", async () => {
    const inputs = [row, { ...row, id: "seven" }];
    let refusal = "";
    const refused = async () => {
      await expect(client.predict({ deploymentName: "echo", inputs })).rejects.toMatchObject({
        code: "INVALID_PARAMETER_VALUE",
        message: expect.stringMatching(/^instances\[1\]/),
      });
      await client.predict({ deploymentName: "echo", inputs }).catch((error: Error) => (refusal = error.message));
    };
    expect((await askedDuring(refused)).filter((line) => line.startsWith("POST"))).toEqual([]);
    const unchecked = client.predict({ deploymentName: "echo", inputs, config: { checkInputs: false } });
    await expect(unchecked).rejects.toMatchObject({
      code: "INVALID_PARAMETER_VALUE",
      message: expect.stringContaining(refusal),
    });
  });
});

describe("a prediction without a signature", () => {
  it("brings integers beyond 2^53 to the model by rawPredict, and has the digits of such an answer", async () => {
    let answered: PredictionsResponse | undefined;
    const asked = await askedDuring(async () => {
      answered = await client.predict({ deploymentName: "plus-two", inputs: [9007199254740993n, 1n] });
    });
    // nothing says that the text is a number: the serving runtime writes one beyond 2^53 so that no reader rounds it
    expect(answered?.predictions).toEqual(["9007199254740995", 3]);
    expect(answered).toMatchObject({ deployedModelId: expect.stringMatching(/^\d{10}$/), modelVersionId: "1" });
    expect(asked.at(-1)).toBe("POST rawPredict");
  });
});

describe("5 MB on an endpoint that takes 1.5 MB", () => {
  it("go in several requests, and are answered as in small ones", async () => {
    const inputs = Array.from({ length: 500 }, (_, id) => ({ ...row, id, name: String(id).padEnd(10_000, "x") }));
    let all: unknown[] = [];
    let answered = "";
    const asked = await askedDuring(async () => {
      const response = await client.predict({ deploymentName: "echo", inputs });
      all = response.predictions;
      answered = response.deployedModelId ?? "";
    });
    // the answers are larger than the requests, so that some parts are sent again in halves
    expect(asked.filter((line) => line === "POST predict").length).toBeGreaterThanOrEqual(4);
    expect(answered).toMatch(/^\d{10}$/);
    const small: unknown[] = [];
    for (let start = 0; start < inputs.length; start += 100) {
      const part = await client.predict({ deploymentName: "echo", inputs: inputs.slice(start, start + 100) });
      small.push(...part.predictions);
    }
    expect(all).toEqual(small);
    const whole = client.predict({ deploymentName: "echo", inputs, config: { splitRequests: false } });
    await expect(whole).rejects.toThrow("Vertex AI takes 1.5 MB");
  });
});
