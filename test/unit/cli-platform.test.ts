import { describe, expect, it } from "vitest";

import type { Diagnosis } from "../../src/core/diagnosis.js";
import type { DeploymentPlan } from "../../src/core/plan.js";
import type { ServingEndpoint } from "../../src/core/serving-endpoint.js";
import { FakeTerminal } from "../support/fake-terminal.js";
import { registerFakeTarget } from "../support/fake-target.js";
import { runCli } from "../support/run-cli.js";

describe("plan", () => {
  const plan: DeploymentPlan = {
    name: "tester",
    action: "create",
    reason: null,
    differences: [],
    steps: [
      { step: "image", action: "skip", message: "the image is there" },
      { step: "deploy", action: "create", message: "on a new endpoint" },
    ],
  };
  const argv = ["plan", "-t", "fake", "--name", "tester", "-m", "models:/iris/1", "-C", "machineType=n1"];

  it("shows what the call would do", async () => {
    const calls = registerFakeTarget("fake", { planDeployment: async () => plan });
    const { code, out } = await runCli(argv);
    expect([code, out.join("\n").split("\n")]).toEqual([
      0,
      [
        "Deployment tester would be created",
        "Steps:",
        "    skip   image    the image is there",
        "  + create deploy   on a new endpoint",
      ],
    ]);
    expect(calls[1]?.options).toMatchObject({
      name: "tester",
      modelUri: "models:/iris/1",
      config: { machineType: "n1" },
    });
  });

  it("exits with 1 for a call that would be refused, and says why", async () => {
    registerFakeTarget("fake", {
      planDeployment: async () => ({ ...plan, action: "refuse", reason: "endpointType cannot change", steps: [] }),
    });
    expect(await runCli(argv)).toMatchObject({
      code: 1,
      out: ["Deployment tester would be refused: endpointType cannot change"],
    });
  });

  it("has a table of steps", async () => {
    registerFakeTarget("fake", { planDeployment: async () => plan });
    const { out } = await runCli([...argv, "--output", "table"]);
    expect(out).toEqual([
      "ACTION  STEP    WHAT",
      "skip    image   the image is there",
      "create  deploy  on a new endpoint",
    ]);
  });

  it("of a target without plans says so", async () => {
    registerFakeTarget("fake", {});
    const { code, err } = await runCli(argv);
    expect([code, err[1]]).toEqual([1, "Code: NOT_IMPLEMENTED"]);
  });
});

describe("doctor", () => {
  const checks: Diagnosis[] = [
    { check: "credentials", status: "ok", message: "of a user", advice: null },
    { check: "services", status: "failed", message: "aiplatform.googleapis.com is off", advice: "Turn it on." },
    { check: "quota", status: "skipped", message: "services first", advice: null },
  ];

  it("shows what was found and what to do, and exits with 1 where a check has failed", async () => {
    registerFakeTarget("fake", { diagnose: async () => checks });
    const { code, out } = await runCli(["doctor", "-t", "fake"]);
    expect([code, out.join("\n").split("\n")]).toEqual([
      1,
      [
        "✓ credentials  of a user",
        "✗ services     aiplatform.googleapis.com is off",
        "               → Turn it on.",
        "- quota        services first",
        "1 ok, 1 failed, 1 skipped",
      ],
    ]);
  });

  it("exits with 0 for warnings", async () => {
    const warning: Diagnosis = { check: "bucket", status: "warning", message: "far away", advice: "Move it." };
    registerFakeTarget("fake", { diagnose: async () => [warning] });
    expect(await runCli(["doctor", "-t", "fake"])).toMatchObject({ code: 0 });
  });

  it("wraps its lines on a narrow terminal, and cuts nothing off", async () => {
    registerFakeTarget("fake", { diagnose: async () => checks });
    const terminal = new FakeTerminal(44);
    await runCli(["doctor", "-t", "fake"], undefined, { terminal });
    expect(terminal.screen.slice(1, 4)).toEqual([
      "✗ services     aiplatform.googleapis.com is",
      "               off",
      "               → Turn it on.",
    ]);
  });

  it("has a table and JSON", async () => {
    registerFakeTarget("fake", { diagnose: async () => checks });
    const table = await runCli(["doctor", "-t", "fake", "--output", "table"]);
    expect([table.code, table.out[2]]).toEqual([
      1,
      "services     failed   aiplatform.googleapis.com is off  Turn it on.",
    ]);
    const json = await runCli(["doctor", "-t", "fake", "--output", "json"]);
    expect(JSON.parse(json.out.join(""))).toEqual(checks);
  });
});

describe("logs", () => {
  const argv = ["logs", "-t", "fake", "--name", "tester"];

  it("prints the lines, oldest first", async () => {
    const calls = registerFakeTarget("fake", { getLogs: async () => ["first", "\u001B[31msecond"] });
    const { code, out } = await runCli([...argv, "--lines", "2"]);
    expect([code, out]).toEqual([0, ["first\n\u001B[31msecond"]]);
    expect(calls[1]?.options).toMatchObject({ name: "tester", lines: 2 });
  });

  it("lets no log steer the terminal", async () => {
    registerFakeTarget("fake", { getLogs: async () => ["\u001B[2Jgone"] });
    const terminal = new FakeTerminal();
    await runCli(argv, undefined, { terminal });
    expect(terminal.written).toBe("gone\n");
  });

  it("prints nothing where there is nothing", async () => {
    registerFakeTarget("fake", { getLogs: async () => [] });
    expect(await runCli(argv)).toEqual({ code: 0, out: [], err: [] });
  });

  it.each(["0", "-1", "x"])("refuses %j lines", async (lines) => {
    expect(await runCli([...argv, `--lines=${lines}`])).toMatchObject({ code: 2 });
  });
});

describe("the commands of endpoints", () => {
  it("have a table", async () => {
    const endpoint = { name: "shared", id: "shared-1", traffic: { a: 90, b: 10 }, description: null };
    registerFakeTarget("fake", { listEndpoints: async () => [endpoint as unknown as ServingEndpoint] });
    const { out } = await runCli(["list-endpoints", "-t", "fake", "--output", "table"]);
    expect(out).toEqual(["NAME    ID        TRAFFIC       DESCRIPTION", "shared  shared-1  a 90%, b 10%"]);
  });
});
