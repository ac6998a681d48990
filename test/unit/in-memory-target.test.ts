import * as vitest from "vitest";

import { allCapabilities, type Capability, getDeployClient, registerTarget, runLocal } from "../../src/index.js";
import { describeTarget, inMemoryTarget } from "../../src/testing/index.js";

type Possible = Exclude<Capability, "batch">;
const everything = allCapabilities.filter((capability) => capability !== "batch");

const models: Record<string, (row: unknown) => number> = {
  "models:/double/1": (row) => Number(row) * 2,
  "models:/square/1": (row) => Number(row) ** 2,
  "models:/broken/1": () => 0,
};

const target = (name: string, capabilities: readonly Possible[]) =>
  inMemoryTarget({
    name,
    capabilities,
    flavors: (uri) => (uri in models ? ["python_function", "sklearn"] : null),
    start: (uri) => {
      if (uri === "models:/broken/1") throw new Error("out of memory");
    },
    predict: ({ modelUri, inputs }) => {
      if (inputs.includes("bad")) throw new TypeError("bad is no number");
      return inputs.map(models[modelUri]!);
    },
  });

function conforms(name: string, capabilities: readonly Possible[]): void {
  registerTarget(target(name, capabilities));
  describeTarget(
    {
      name,
      createClient: () => getDeployClient(name),
      runLocal: (options) => runLocal(name, options),
      capabilities,
      model: "models:/double/1",
      otherModel: "models:/square/1",
      brokenModel: "models:/broken/1",
      inputs: [1, 2, 3],
      expected: [2, 4, 6],
      otherExpected: [1, 4, 9],
      badInputs: ["bad"],
      streamParts: [2, 4, 6],
      config: { size: "small", place: "here" },
      otherConfig: { size: "large" },
      inPlaceConfig: { size: "medium" },
      timeoutSeconds: 20,
    },
    vitest,
  );
}

conforms("in-memory", everything);
conforms("in-memory-plain", []);
