import { describe, expect, it } from "vitest";

import { DeploymentError, type ErrorCode } from "../../src/core/errors.js";
import { registerFakeTarget } from "../support/fake-target.js";
import { runCli } from "../support/run-cli.js";

const failing = async (argv: string[], error: unknown) => {
  registerFakeTarget("fake", {
    createDeployment: () => Promise.reject(error),
    getDeployment: () => Promise.reject(error),
    updateDeployment: () => Promise.reject(error),
  });
  return runCli(argv);
};
const create = ["create", "-t", "fake", "--name", "it's", "-m", "m"];
const update = ["update", "-t", "fake", "--name", "it's", "-m", "m", "--yes"];
const get = ["get", "-t", "fake", "--name", "tester"];

describe("a failure", () => {
  it("is one line, its code, and what helps", async () => {
    const { code, out, err } = await failing(create, new DeploymentError("RESOURCE_ALREADY_EXISTS", "It is there."));
    expect([code, out]).toEqual([1, []]);
    expect(err).toEqual([
      "Error: It is there.",
      "Code: RESOURCE_ALREADY_EXISTS",
      String.raw`Hint: mlflow-deployments get -t fake --name 'it'\''s' shows what is there; update changes it.`,
    ]);
  });

  it.each<[string[], ErrorCode, string | undefined]>([
    [get, "PERMISSION_DENIED", "mlflow-deployments doctor -t fake looks at all that a deployment needs."],
    [get, "UNAUTHENTICATED", "mlflow-deployments doctor -t fake looks at all that a deployment needs."],
    [get, "RESOURCE_DOES_NOT_EXIST", "mlflow-deployments list -t fake shows which deployments there are."],
    [create, "RESOURCE_DOES_NOT_EXIST", undefined],
    [create, "FAILED_PRECONDITION", undefined],
    [
      update,
      "FAILED_PRECONDITION",
      String.raw`mlflow-deployments logs -t fake --name 'it'\''s' shows what its containers wrote.`,
    ],
    [create, "CANCELLED", "The same command again goes on where it stopped."],
    [get, "CANCELLED", undefined],
    [get, "TEMPORARILY_UNAVAILABLE", "It may pass: run the same command again."],
    [get, "INTERNAL_ERROR", "--verbose shows where it came from."],
    [get, "INVALID_PARAMETER_VALUE", undefined],
  ])("of %j with the code %s has its hint", async (argv, code, hint) => {
    const { err } = await failing(argv, new DeploymentError(code, "No."));
    expect(err).toEqual(["Error: No.", `Code: ${code}`, ...(hint === undefined ? [] : [`Hint: ${hint}`])]);
  });

  it("that names a setting of config says how to pass it here", async () => {
    const { err } = await failing(get, new DeploymentError("INVALID_PARAMETER_VALUE", "Pass it as config.projectId."));
    expect(err.at(-1)).toBe("Hint: On the command line that is -C projectId=VALUE.");
  });

  it("shows its stack and the causes only with --verbose, and nothing else of them", async () => {
    const root = Object.assign(new Error("socket hang up"), {
      config: { headers: { authorization: "Bearer s3cret" } },
    });
    const error = new DeploymentError("INTERNAL_ERROR", "It broke.", {
      cause: new Error("no answer", { cause: root }),
    });
    expect((await failing(get, error)).err).toHaveLength(3);
    const { err } = await failing([...get, "--verbose"], error);
    const text = err.join("\n");
    expect(text).toMatch(/DeploymentError: It broke\.\n {4}at /);
    expect(text).toMatch(/Caused by: Error: no answer\n {4}at [^]*Caused by: Error: socket hang up/);
    expect(text).not.toContain("s3cret");
  });

  it("of a target that is not installed has no hint that would fail as well", async () => {
    const { code, err } = await runCli(["get", "-t", "nowhere", "--name", "x"]);
    expect(code).toBe(1);
    expect(err).toEqual([
      expect.stringContaining("The installed targets are: aiplatform"),
      "Code: RESOURCE_DOES_NOT_EXIST",
    ]);
  });

  it("that a server worded does not steer the terminal", async () => {
    const { err } = await failing(
      get,
      new DeploymentError("INTERNAL_ERROR", "no\u001B[2J\u001B]0;title\u0007\r\u202Egniht"),
    );
    expect(err[0]).toBe("Error: nogniht");
  });
});
