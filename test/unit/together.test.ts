import { describe, expect, it } from "vitest";

import { DeploymentError } from "../../src/core/errors.js";
import type { StepContext } from "../../src/core/progress.js";
import { together } from "../../src/core/together.js";

const context: StepContext = { report: () => {} };

/** Work that ends only when it is stopped. */
const untilStopped = (ended: string[], name: string) => (given: StepContext) =>
  new Promise<never>((_, reject) => {
    given.signal?.addEventListener("abort", () => {
      ended.push(name);
      reject(new DeploymentError("CANCELLED", `${name} was stopped`));
    });
  });

describe("things that are done together", () => {
  it("give their results in their order, whichever ends first", async () => {
    const later = async () => {
      await new Promise(setImmediate);
      return "first";
    };
    await expect(together(context, later, async () => 2)).resolves.toEqual(["first", 2]);
  });

  it("are stopped and waited for when one fails, whose error is the one that is thrown", async () => {
    const ended: string[] = [];
    const failing = async () => {
      await new Promise(setImmediate);
      throw new Error("the disk is full");
    };
    await expect(together(context, untilStopped(ended, "upload"), failing)).rejects.toThrow("the disk is full");
    expect(ended).toEqual(["upload"]);
  });

  it("throw the first failure where several fail", async () => {
    const first = async () => Promise.reject(new Error("first"));
    const second = async () => {
      await new Promise(setImmediate);
      throw new Error("second");
    };
    await expect(together(context, second, first)).rejects.toThrow("first");
  });

  it("are all stopped by the caller's own signal", async () => {
    const ended: string[] = [];
    const caller = new AbortController();
    const both = together({ ...context, signal: caller.signal }, untilStopped(ended, "a"), untilStopped(ended, "b"));
    caller.abort();
    await expect(both).rejects.toThrow("a was stopped");
    expect(ended).toEqual(["a", "b"]);
  });
});
