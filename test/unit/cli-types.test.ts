import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { runCli } from "../support/run-cli.js";

const mlmodel = `flavors:
  python_function:
    loader_module: mlflow.sklearn
    python_version: 3.11.7
signature:
  inputs: '[{"type": "double", "name": "petal width", "required": true}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}]'
  params: null
`;

describe("types", () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "wine-quality-"));
    await writeFile(join(directory, "MLmodel"), mlmodel);
  });
  afterAll(() => rm(directory, { recursive: true }));

  it("prints the types of a model, and reads nothing but its description", async () => {
    const { code, out } = await runCli(["types", "-m", directory, "--as", "iris"]);
    expect(code).toBe(0);
    expect(out.join("\n")).toContain(`export interface IrisRow {\n  "petal width": number;\n}`);
    expect(out.join("\n")).toContain("export declare const iris: ModelType<IrisInput, IrisParams, IrisOutput>;");
  });

  it("writes them to a file, with the model called by the last word of its URI", async () => {
    const file = join(directory, "types.ts");
    const { code, out } = await runCli(["types", "-m", directory, "-O", file]);
    expect([code, out]).toEqual([0, []]);
    expect(await readFile(file, "utf8")).toMatch(/export declare const wineQuality\w+: ModelType</);
  });

  it("refuses a name that TypeScript cannot take, and says one that it can", async () => {
    const { code, err } = await runCli(["types", "-m", directory, "--as", "wine-quality"]);
    expect(code).toBe(1);
    expect(err.join("\n")).toContain('"wine-quality" cannot be the name of a model in TypeScript; write "wineQuality"');
  });

  it("says that there is no model", async () => {
    const { code, err } = await runCli(["types", "-m", join(directory, "nowhere")]);
    expect(code).toBe(1);
    expect(err.join("\n")).toContain("nowhere");
  });
});
