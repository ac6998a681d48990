import { describe, expect, it } from "vitest";

import { DeploymentError } from "../../src/index.js";
import { maskedValues } from "../../src/targets/masked-values.js";

describe("a DeploymentError", () => {
  it("is written as JSON with its code and message, and without its cause, which a logger must not show", () => {
    const error = new DeploymentError("RESOURCE_EXHAUSTED", "No quota.", {
      cause: new Error("a request with a token"),
    });
    expect(JSON.parse(JSON.stringify({ error }))).toEqual({
      error: { name: "DeploymentError", code: "RESOURCE_EXHAUSTED", message: "No quota.", retryable: true },
    });
  });
});

describe("the value of an environment variable, as it is written down", () => {
  it("shows that it changed, and neither the value nor which other variable has the same", () => {
    const masked = maskedValues({ A: "hunter2", B: "hunter2" });
    expect(JSON.stringify(masked)).not.toContain("hunter2");
    expect(masked["A"]).not.toBe(masked["B"]);
    expect(maskedValues({ A: "hunter2" })["A"]).toBe(masked["A"]);
    expect(maskedValues({ A: "hunter3" })["A"]).not.toBe(masked["A"]);
  });
});
