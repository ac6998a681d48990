import { beforeEach, describe, expect, it, vi } from "vitest";

import type { Deployment } from "../../src/core/deployment.js";
import { DeploymentError } from "../../src/core/errors.js";
import type { DeploymentPlan } from "../../src/core/plan.js";
import type { PruneItem } from "../../src/core/prune.js";
import { FakeTerminal } from "../support/fake-terminal.js";
import { type FakeCall, type FakeTarget, registerFakeTarget } from "../support/fake-target.js";
import { runCli } from "../support/run-cli.js";

const deployment = {
  name: "tester",
  flavor: null,
  state: "ready",
  endpoint: { id: "e", name: "endpoints/e", shared: false, createTime: null },
  deployedModels: [{ machineType: "n1-standard-2", minReplicaCount: 1, maxReplicaCount: 3 }],
  trafficPercent: 100,
  model: { name: "models/iris", versionId: "3", aliases: [], source: "models:/iris/3" },
} as unknown as Deployment;
const plan: DeploymentPlan = {
  name: "tester",
  action: "update",
  reason: null,
  differences: ["machineType: n1-standard-2 → n1-standard-4"],
  steps: [{ step: "deploy", action: "create", message: "a second deployed model" }],
};
const items: PruneItem[] = [
  { kind: "version", name: "models/iris@1", reason: "deployed nowhere", size: 1500, createTime: null },
];
const target: FakeTarget = {
  capabilities: async () => ["plan"],
  getDeployment: async () => deployment,
  planDeployment: async () => plan,
  updateDeployment: async () => ({ ...deployment, changed: true }),
  deleteDeployment: async () => {},
  planPrune: async () => items,
  prune: async () => items,
};
const update = ["update", "-t", "fake", "--name", "tester", "-m", "models:/iris/4"];
const remove = ["delete", "-t", "fake", "--name", "tester"];
const prune = ["prune", "-t", "fake"];

let calls: FakeCall[];
let terminal: FakeTerminal;
beforeEach(() => {
  calls = registerFakeTarget("fake", target);
  terminal = new FakeTerminal();
});
const methods = () => calls.map(({ method }) => method).slice(1);
const answer = (typed: string) => {
  terminal.stdin.write(typed);
};

describe("update on a terminal", () => {
  it("shows what is there and what will be, and asks", async () => {
    answer("y\n");
    const { code } = await runCli(update, undefined, { terminal });
    expect(code).toBe(0);
    expect(terminal.screen).toEqual([
      "Deployment tester",
      "  state:     ready",
      "  model:     models:/iris/3",
      "  version:   3",
      "  endpoint:  endpoints/e",
      "  traffic:   100%",
      "  machines:  1 to 3 × n1-standard-2",
      "Deployment tester would be updated",
      "  machineType: n1-standard-2 → n1-standard-4",
      "Steps:",
      "  + create deploy   a second deployed model",
      "Update deployment tester? [y/N] Deployment tester is updated (with flavor None)",
    ]);
    expect(methods()).toEqual(["getDeployment", "capabilities", "planDeployment", "updateDeployment"]);
  });

  it.each(["\n", "n\n", "yesterday\n"])("does nothing after %j", async (typed) => {
    answer(typed);
    const { code, err } = await runCli(update, undefined, { terminal });
    expect([code, err.at(-1)]).toEqual([1, "Nothing was changed."]);
    expect(methods()).not.toContain("updateDeployment");
  });

  it("does nothing after Ctrl-D", async () => {
    terminal.stdin.end();
    const { code, err } = await runCli(update, undefined, { terminal });
    expect([code, err.at(-1)]).toEqual([1, "Nothing was changed."]);
    expect(methods()).not.toContain("updateDeployment");
  });

  it("does nothing after Ctrl-C, and ends as interrupted", async () => {
    const interruption = new AbortController();
    const running = runCli(update, undefined, { terminal, signal: interruption.signal });
    await vi.waitFor(() => expect(terminal.screen.at(-1)).toContain("[y/N]"));
    interruption.abort();
    expect(await running).toMatchObject({ code: 130, out: [] });
    expect(terminal.screen.at(-1)).toBe("Nothing was changed.");
    expect(methods()).not.toContain("updateDeployment");
  });

  it("does not ask for a plan that the target does not have", async () => {
    calls = registerFakeTarget("fake", { ...target, capabilities: async () => [] });
    answer("yes\n");
    await runCli(update, undefined, { terminal });
    expect(methods()).toEqual(["getDeployment", "capabilities", "updateDeployment"]);
  });

  it.each(["none", "refuse"] as const)("does not ask where the plan is: %s", async (action) => {
    calls = registerFakeTarget("fake", { ...target, planDeployment: async () => ({ ...plan, action }) });
    const { code } = await runCli(update, undefined, { terminal });
    expect([code, methods().at(-1)]).toEqual([0, "updateDeployment"]);
  });
});

describe("nobody is asked", () => {
  it.each([
    ["after --yes", [...update, "--yes"], true],
    ["for lines of JSON", [...update, "--json"], true],
    ["in a pipe", update, false],
    ["about a delete in a pipe", remove, false],
    ["about a delete with --yes", [...remove, "--yes"], true],
  ])("%s", async (_, argv, onTerminal) => {
    const { code } = await runCli(argv, undefined, onTerminal ? { terminal } : {});
    expect(code).toBe(0);
    expect(methods()).toHaveLength(1);
  });
});

describe("delete on a terminal", () => {
  it("shows what is there, and asks", async () => {
    answer("n\n");
    const { code } = await runCli(remove, undefined, { terminal });
    expect(code).toBe(1);
    expect(terminal.screen).toContain("  model:     models:/iris/3");
    expect(methods()).toEqual(["getDeployment"]);
  });

  it("has nothing to ask where there is no such deployment", async () => {
    const missing = new DeploymentError("RESOURCE_DOES_NOT_EXIST", "There is none.");
    registerFakeTarget("fake", { ...target, getDeployment: () => Promise.reject(missing) });
    expect(await runCli(remove, undefined, { terminal })).toMatchObject({
      code: 0,
      out: ["Deployment tester is deleted"],
    });
  });
});

describe("prune", () => {
  const shown = ["version  models/iris@1, 1.5 kB", "         deployed nowhere"];

  it("shows what it would delete, and asks", async () => {
    answer("y\n");
    const { code, err, out } = await runCli([...prune, "--keep-versions", "2"], undefined, { terminal });
    expect([code, err]).toEqual([0, [...shown, "1 item would be deleted, 1.5 kB"]]);
    expect(out).toEqual([[...shown, "1 item deleted, 1.5 kB"].join("\n")]);
    expect(calls.slice(1)).toMatchObject([
      { method: "planPrune", options: { keepVersions: 2 } },
      { method: "prune", options: items },
    ]);
  });

  it("deletes nothing after no", async () => {
    answer("n\n");
    expect(await runCli(prune, undefined, { terminal })).toMatchObject({ code: 1, out: [] });
    expect(methods()).toEqual(["planPrune"]);
  });

  it("only shows with --dry-run", async () => {
    const { code, out } = await runCli([...prune, "--dry-run", "--output", "json"]);
    expect([code, JSON.parse(out.join(""))]).toEqual([0, items]);
    expect(methods()).toEqual(["planPrune"]);
  });

  it("needs --yes or --dry-run where nobody can be asked", async () => {
    const { code, err } = await runCli(prune);
    expect([code, err.at(-1)]).toEqual([2, "Error: Nobody can be asked here: give --yes or --dry-run."]);
    expect(methods()).toEqual([]);
    expect(await runCli([...prune, "--yes"])).toMatchObject({ code: 0 });
    expect(methods()).toEqual(["planPrune", "prune"]);
  });

  it("says that there is nothing", async () => {
    registerFakeTarget("fake", { ...target, planPrune: async () => [] });
    expect(await runCli([...prune, "--yes"])).toMatchObject({
      code: 0,
      out: ["Nothing would be deleted: what is there is needed, or younger than an hour."],
    });
  });
});
