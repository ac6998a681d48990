import { describe, expect, it, vi } from "vitest";

import { allCapabilities, BaseDeploymentClient, DeploymentError } from "../../src/index.js";

/** A target with what every target has, and nothing more. */
class PlainClient extends BaseDeploymentClient {
  createDeployment = () => Promise.reject(new Error("not asked for"));
  updateDeployment = () => Promise.reject(new Error("not asked for"));
  deleteDeployment = () => Promise.resolve();
  listDeployments = () => Promise.resolve([]);
  getDeployment = () => Promise.reject(new Error("not asked for"));
  predict = () => Promise.reject(new Error("not asked for"));
}

const client = new PlainClient("plain:/x");
const name = "tester";
const rows = { deploymentName: name, inputs: [1] };
const noEndpoints =
  "Method is unimplemented in base client. Implementation should be provided by specific target plugins, and the target plain:/x has no endpoint methods.";
const not = (what: string) =>
  `${what} not supported by the deployment target plain:/x. The client's capabilities() lists what it has.`;

describe("a target that overrides no more than it must", () => {
  it("has no capabilities, of all those that there are", async () => {
    expect(await client.capabilities()).toEqual([]);
    expect(allCapabilities).toHaveLength(new Set(allCapabilities).size);
  });

  it.each([
    [
      "explain",
      () => client.explain(rows),
      "Computing model explanations is not yet supported for this deployment target (plain:/x).",
    ],
    ["createEndpoint", () => client.createEndpoint({ name }), noEndpoints],
    ["updateEndpoint", () => client.updateEndpoint({ endpoint: name }), noEndpoints],
    ["deleteEndpoint", () => client.deleteEndpoint({ endpoint: name }), noEndpoints],
    ["listEndpoints", () => client.listEndpoints(), noEndpoints],
    ["getEndpoint", () => client.getEndpoint({ endpoint: name }), noEndpoints],
    [
      "predictStream",
      () => client.predictStream(rows)[Symbol.asyncIterator]().next(),
      not("Streaming predictions are"),
    ],
    ["getLogs", () => client.getLogs({ name }), not("Logs are")],
    ["planDeployment", () => client.planDeployment({ name }), not("Plans are")],
    ["planPrune", () => client.planPrune(), not("Pruning is")],
    ["prune", () => client.prune([]), not("Pruning is")],
    ["diagnose", () => client.diagnose(), not("A diagnosis is")],
    ["waiting for an operation", () => client.operation("o").wait(), not("Calls in the background are")],
    ["cancelling one", () => client.operation("o").cancel(), not("Calls in the background are")],
  ])("rejects %s, and says whose lack it is", async (_, call, message) => {
    await expect(call()).rejects.toMatchObject({ code: "NOT_IMPLEMENTED", message, retryable: false });
  });
});

describe("a DeploymentError", () => {
  it("of another copy of this package is recognised, and passed on as it is", async () => {
    vi.resetModules();
    const other = await import("../../src/index.js");
    expect(other.DeploymentError).not.toBe(DeploymentError);
    const error = new other.DeploymentError("TEMPORARILY_UNAVAILABLE", "Later.");
    expect(DeploymentError.is(error)).toBe(true);
    expect(DeploymentError.from(error, "It")).toBe(error);
  });

  it.each([
    ["an abort", AbortSignal.abort().reason, "CANCELLED", /^It was cancelled\.$/],
    ["a timeout", new DOMException("The operation timed out.", "TimeoutError"), "DEADLINE_EXCEEDED", /^It .*time/],
    ["a bug", new TypeError("x is undefined"), "INTERNAL_ERROR", /^It failed: x is undefined$/],
    ["what is no error", "no", "INTERNAL_ERROR", /^It failed: no$/],
  ])("is made of %s", (_, error: unknown, code, message) => {
    expect(DeploymentError.from(error, "It")).toMatchObject({
      code,
      message: expect.stringMatching(message),
      cause: error,
    });
  });
});
