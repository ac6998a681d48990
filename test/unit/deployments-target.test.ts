import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { TargetRegistry } from "../../src/core/registry.js";
import { DefaultTarget } from "../../src/deployments-target.js";
import { getDeployClient, setDeploymentsTarget } from "../../src/index.js";

const plugin = {
  name: "mine",
  createClient: () => ({}) as never,
  targetHelp: () => "",
  runLocal: () => Promise.reject(new Error("not asked for")),
};
const variable = "MLFLOW_DEPLOYMENTS_TARGET";
let target: DefaultTarget;

beforeEach(() => {
  vi.stubEnv(variable, undefined);
  target = new DefaultTarget(new TargetRegistry([plugin], () => ({ targets: [], problems: [] })));
});
afterEach(() => vi.unstubAllEnvs());

describe("the default target", () => {
  it("is an error where there is none, which names the ways to set it", () => {
    expect(() => target.get()).toThrow(
      /^No deployments target has been set\..*setDeploymentsTarget.*MLFLOW_DEPLOYMENTS_/,
    );
    vi.stubEnv(variable, " ");
    expect(() => target.get()).toThrow(expect.objectContaining({ code: "INVALID_PARAMETER_VALUE" }));
  });

  it("is that of the environment, and before it the one that was set", () => {
    vi.stubEnv(variable, "mine:/from/environment");
    expect(target.get()).toBe("mine:/from/environment");
    target.set("mine:/set");
    expect(target.get()).toBe("mine:/set");
  });

  it.each(["localhost", "", "  ", "my_target:/x", "http://"])("cannot be %j", (text) => {
    target.set("mine");
    expect(() => target.set(text)).toThrow(expect.objectContaining({ code: "INVALID_PARAMETER_VALUE" }));
    expect(target.get()).toBe("mine");
  });

  it("is refused in MLflow's words, with the targets that are there", () => {
    expect(() => target.set("localhost")).toThrow(
      'The target provided is not a valid uri or the name of an installed target: "localhost". The installed targets are: mine.',
    );
  });

  it("is what getDeployClient takes when it is called without one", () => {
    setDeploymentsTarget("aiplatform:/acme/europe-west1");
    expect(getDeployClient().targetUri).toBe("aiplatform:/acme/europe-west1");
  });
});
