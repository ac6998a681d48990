import { describe, expect, it } from "vitest";

import { DeploymentError } from "../../src/core/errors.js";
import { type Operation, OperationFailedError } from "../../src/core/operation.js";
import type { DeploymentRecord, DeploymentSpec } from "../../src/core/record.js";
import { decideCreate, type LiveDeployment } from "../../src/rollout/decide-create.js";
import { leaseMs } from "../../src/rollout/lock.js";
import { newRecord } from "../../src/rollout/new-record.js";
import { RecordSession } from "../../src/rollout/record-session.js";
import { completeStep, type ResumableStep } from "../../src/rollout/resumable-step.js";
import { MockClock, MockDeploymentStore } from "../../src/testing/index.js";

const spec: DeploymentSpec = {
  specHash: "wanted",
  environmentHash: "e",
  modelHash: "m",
  modelUri: "models:/iris/1",
  flavor: null,
  settings: { machineType: "n1-standard-2" },
};
const other: DeploymentSpec = { ...spec, specHash: "other", settings: { machineType: "n1-standard-4" } };
const record = (change: Partial<DeploymentRecord> = {}): DeploymentRecord => ({
  ...newRecord("tester"),
  spec,
  completedAt: "2026-01-01T00:00:00Z",
  ...change,
});
const nothing: LiveDeployment = { hasDeployedModel: false, matchesSpec: false, isServing: false };
const serving: LiveDeployment = { hasDeployedModel: true, matchesSpec: true, isServing: true };
const pending = { step: "deploy" as const, startedAt: "2026-01-01T00:00:00.000Z", operation: null };

describe("what createDeployment decides", () => {
  it.each([
    ["nothing is there", nothing, null, "proceed"],
    ["nothing is deployed, and the record is not finished", nothing, record({ completedAt: null }), "proceed"],
    ["the same serves, and the record says so", serving, record(), "unchanged"],
    ["the same serves, and the record is lost", serving, null, "unchanged"],
    ["the same serves, but the record was never finished", serving, record({ completedAt: null, pending }), "proceed"],
    [
      "the same is deployed and finished, and its traffic was changed",
      { ...serving, isServing: false },
      record(),
      "unchanged",
    ],
    ["the same is deployed without traffic, and the record is lost", { ...serving, isServing: false }, null, "proceed"],
    [
      "it was being deleted",
      serving,
      record({ completedAt: null, pending: { ...pending, step: "delete" } }),
      "deleting",
    ],
    ["another serves", { ...serving, matchesSpec: false }, record({ spec: other }), "conflict"],
    ["another serves, and the record is lost", { ...serving, matchesSpec: false }, null, "conflict"],
    ["another was cut off", nothing, record({ spec: other, completedAt: null, pending }), "conflict"],
    ["another failed for good", nothing, record({ spec: other, completedAt: null }), "proceed"],
    ["the endpoint was deleted elsewhere", nothing, record(), "proceed"],
  ])("when %s", (_case, live, stored, action) => {
    expect(decideCreate(spec, live, stored, null).action).toBe(action);
  });

  it("waits for nobody: a lock that is held comes first", () => {
    const lock = {
      id: "l",
      owner: "o",
      host: "h",
      pid: 1,
      acquiredAt: pending.startedAt,
      expiresAt: pending.startedAt,
    };
    expect(decideCreate(spec, serving, record(), lock)).toEqual({ action: "locked", lock });
  });

  it("names each setting that differs", () => {
    const decision = decideCreate(spec, { ...serving, matchesSpec: false }, record({ spec: other }), null);
    expect(decision).toMatchObject({ differences: ["machineType: n1-standard-4 → n1-standard-2"] });
  });
});

/** A platform with one thing to make, whose operation is done when it is waited for. */
class Platform {
  made: string | null = null;
  requests = 0;
  readonly unfinished: Operation<string>[] = [];

  step(change: Partial<ResumableStep<string>> = {}): ResumableStep<string> {
    return {
      step: "deploy",
      what: "the thing",
      find: async () => this.made,
      running: async () => this.unfinished,
      attach: () => this.operation(),
      start: async () => {
        this.requests++;
        return this.operation();
      },
      ...change,
    };
  }

  operation(): Operation<string> {
    return { name: "operations/1", wait: async () => (this.made = "thing"), cancel: async () => {} };
  }
}

const clock = new MockClock();
const limits = { timeoutSeconds: 600, clock };
const context = { report: () => {} };
const begin = (store: MockDeploymentStore, first: DeploymentRecord) =>
  RecordSession.begin({ deploymentStore: store, clock }, null, first, { id: "call", context });

describe("a step that can be resumed", () => {
  const run = async (
    platform: Platform,
    change: Partial<DeploymentRecord> = {},
    step: Partial<ResumableStep<string>> = {},
  ) => {
    const session = await begin(new MockDeploymentStore(), record({ completedAt: null, ...change }));
    try {
      return await completeStep(platform.step(step), session, context, limits);
    } finally {
      await session.end();
    }
  };

  it("starts what is not there", async () => {
    const platform = new Platform();
    expect(await run(platform)).toEqual({ value: "thing", changed: true });
    expect(platform.requests).toBe(1);
  });

  it("sends nothing for what is there", async () => {
    const platform = new Platform();
    platform.made = "thing";
    expect(await run(platform)).toEqual({ value: "thing", changed: false });
    expect(platform.requests).toBe(0);
  });

  it("waits for the operation that an earlier process has written down", async () => {
    const platform = new Platform();
    await run(platform, { pending: { ...pending, operation: "operations/1" } });
    expect(platform.requests).toBe(0);
  });

  it("starts again when the platform has forgotten the operation that was written down", async () => {
    const platform = new Platform();
    const gone = new DeploymentError("RESOURCE_DOES_NOT_EXIST", "There is no such operation.");
    const attach = () => ({ ...platform.operation(), wait: () => Promise.reject(gone) });
    await run(platform, { pending: { ...pending, operation: "operations/0" } }, { attach });
    expect(platform.requests).toBe(1);
  });

  it("takes the failure of an operation that was written down for its own, and of any other for another's", async () => {
    const platform = new Platform();
    const wait = () => Promise.reject(new OperationFailedError("FAILED_PRECONDITION", "It failed."));
    const failing = { ...platform.operation(), wait };
    await expect(
      run(platform, { pending: { ...pending, operation: "operations/0" } }, { attach: () => failing }),
    ).rejects.toThrow("It failed.");
    await run(platform, { pending }, { running: async () => [failing] });
    expect(platform.requests).toBe(1);
  });

  it("tells a refusal, after which nothing has begun, from an answer that was lost", async () => {
    const refused = (code: "INVALID_PARAMETER_VALUE" | "TEMPORARILY_UNAVAILABLE") =>
      run(new Platform(), {}, { start: () => Promise.reject(new DeploymentError(code, "No.")) });
    await expect(refused("INVALID_PARAMETER_VALUE")).rejects.toBeInstanceOf(OperationFailedError);
    await expect(refused("TEMPORARILY_UNAVAILABLE")).rejects.not.toBeInstanceOf(OperationFailedError);
  });

  it("waits for an operation whose name an earlier process never got", async () => {
    const platform = new Platform();
    platform.unfinished.push(platform.operation());
    await run(platform, { pending });
    expect(platform.requests).toBe(0);
  });

  it("starts again when an earlier process's request never arrived", async () => {
    const platform = new Platform();
    await run(platform, { pending });
    expect(platform.requests).toBe(1);
  });

  it("looks for the effect for a while where the platform lists no operations", async () => {
    const platform = new Platform();
    let looks = 0;
    const find = async () => (++looks > 5 ? "thing" : null);
    await run(
      platform,
      { pending: { ...pending, startedAt: new Date(clock.now()).toISOString() } },
      { running: async () => null, find },
    );
    expect(platform.requests).toBe(0);
  });

  it("takes ALREADY_EXISTS for its own effect that does not show yet", async () => {
    const platform = new Platform();
    let looks = 0;
    const outcome = await run(
      platform,
      {},
      {
        find: async () => (++looks > 3 ? "thing" : null),
        start: () => Promise.reject(new DeploymentError("RESOURCE_ALREADY_EXISTS", "there")),
      },
    );
    expect(outcome.value).toBe("thing");
  });

  it("does not look for what is known not to be there", async () => {
    const find = async () => Promise.reject(new Error("was looked for"));
    const outcome = await run(new Platform(), {}, { isAbsent: true, find });
    expect(outcome).toEqual({ value: "thing", changed: true });
  });

  it("looks for what an earlier process has begun, whatever was known before", async () => {
    const platform = new Platform();
    platform.made = "thing";
    const begun = { pending: { step: "deploy" as const, startedAt: new Date(0).toISOString(), operation: null } };
    const outcome = await run(platform, begun, { isAbsent: true, running: async () => [] });
    expect(outcome).toEqual({ value: "thing", changed: false });
  });

  it("writes down what it is about to do before it does it, and the operation's name while it waits", async () => {
    const store = new MockDeploymentStore();
    const platform = new Platform();
    const session = await begin(store, record({ completedAt: null }));
    const seen: unknown[] = [];
    await completeStep(
      platform.step({
        start: async () => {
          seen.push((await store.read("tester"))?.record.pending);
          return {
            ...platform.operation(),
            wait: async () => {
              await new Promise(setImmediate);
              seen.push((await store.read("tester"))?.record.pending);
              return (platform.made = "thing");
            },
          };
        },
      }),
      session,
      context,
      limits,
    );
    await session.end();
    expect(seen).toMatchObject([
      { step: "deploy", operation: null },
      { step: "deploy", operation: "operations/1" },
    ]);
  });
});

describe("the record of a session", () => {
  it("has what was noted for later at once, and the store has it with the next write", async () => {
    const store = new MockDeploymentStore();
    const session = await begin(store, record());
    const version = { model: "projects/p/locations/l/models/m", versionId: "7" };
    session.noteLater({ version });
    expect(session.record.version).toEqual(version);
    expect((await store.read("tester"))?.record.version).not.toEqual(version);
    await session.begun("deploy");
    expect((await store.read("tester"))?.record).toMatchObject({ version, pending: { step: "deploy" } });
    await session.end();
  });
});

describe("the lock of a record", () => {
  it("is refused to a second process while the first holds it, and given when it ends", async () => {
    const store = new MockDeploymentStore();
    const session = await begin(store, record());
    const second = async () =>
      RecordSession.begin({ deploymentStore: store, clock }, await store.read("tester"), record(), {
        id: "call",
        context,
      });
    await expect(second()).rejects.toMatchObject({ code: "RESOURCE_CONFLICT" });
    await session.end();
    await (await second()).end();
  });

  it("goes to one of two that take it at once", async () => {
    const store = new MockDeploymentStore();
    const [first, second] = await Promise.allSettled([begin(store, record()), begin(store, record())]);
    expect([first.status, second.status].toSorted()).toEqual(["fulfilled", "rejected"]);
    if (first.status === "fulfilled") await first.value.end();
  });

  it("that was lost to another process stops the work of the first", async () => {
    const store = new MockDeploymentStore();
    const session = await begin(store, record());
    clock.advance(leaseMs + 1);
    const thief = await RecordSession.begin({ deploymentStore: store, clock }, await store.read("tester"), record(), {
      id: "call",
      context,
    });
    await expect(session.begun("deploy")).rejects.toMatchObject({ code: "RESOURCE_CONFLICT" });
    expect(session.lost.aborted).toBe(true);
    await session.end();
    expect((await store.read("tester"))?.record.lock?.id).toBe(thief.record.lock?.id);
    await thief.end();
  });
});
