import { beforeEach, describe, expect, expectTypeOf, it } from "vitest";

import { type CreatedDeployment, DeploymentError, getDeployClient, type Operation } from "../../src/index.js";
import { type MockPlatform, mockPlatform } from "../../src/testing/index.js";

const config = { projectId: "acme", productionBucket: "acme-models" };
const request = { name: "tester", modelUri: "models:/iris/1" };
const inBackground = { sync: false } as const;

let platform: MockPlatform;
beforeEach(() => {
  platform = mockPlatform();
});
/** Each is as another process would have it. */
const client = () => getDeployClient("aiplatform", { services: platform.services, config });

describe("a call with sync: false", () => {
  it("returns at once with an operation, and is done by waiting for it", async () => {
    const operation = await client().createDeployment({ ...request, config: inBackground });
    expectTypeOf(operation).toEqualTypeOf<Operation<CreatedDeployment>>();
    expect(platform.endpoints.endpoints.size).toBe(0);
    await expect(operation.wait()).resolves.toMatchObject({ name: "tester", state: "ready", changed: true });
  });

  it("goes on though nobody waits", async () => {
    await client().createDeployment({ ...request, config: inBackground });
    await expect.poll(async () => (await client().listDeployments()).map(({ state }) => state)).toEqual(["ready"]);
  });

  it("fails for whoever waits, and nowhere else", async () => {
    platform.recorder.failNext("versionManager", "create", new DeploymentError("PERMISSION_DENIED", "You may not."));
    const operation = await client().createDeployment({ ...request, config: inBackground });
    await expect(operation.wait()).rejects.toThrow("You may not.");
  });

  it("updates and deletes, too", async () => {
    await client().createDeployment(request);
    const update = await client().updateDeployment({
      name: "tester",
      config: { ...inBackground, machineType: "n1-standard-8" },
    });
    await expect(update.wait({ timeoutSeconds: 60 })).resolves.toMatchObject({ changed: true });
    await (await client().deleteDeployment({ name: "tester", config: inBackground })).wait();
    expect(platform.endpoints.endpoints.size).toBe(0);
  });

  it("is waited for by another process that knows its name", async () => {
    const operation = await client().createDeployment({ ...request, config: inBackground });
    const { name } = operation;
    expect(name).toMatch(/^deployments\/tester\/calls\/[0-9a-f-]{36}$/);
    await operation.wait();
    await expect(client().operation(name).wait()).resolves.toMatchObject({ name: "tester", state: "ready" });
    const deleting = await client().deleteDeployment({ name: "tester", config: inBackground });
    await deleting.wait();
    await expect(client().operation(deleting.name).wait()).resolves.toBeNull();
  });

  it("tells another process why it failed", async () => {
    platform.recorder.failNext("endpointManager", "deploy", new DeploymentError("FAILED_PRECONDITION", "No quota."));
    const operation = await client().createDeployment({ ...request, config: inBackground });
    await expect(operation.wait()).rejects.toThrow("No quota.");
    await expect(client().operation(operation.name).wait()).rejects.toThrow(/No quota/);
  });

  it("is stopped by cancel, frees the lock, and can be gone on with", async () => {
    const operation = await client().createDeployment({ ...request, config: inBackground });
    await operation.cancel();
    await expect(operation.wait()).rejects.toMatchObject({ code: "CANCELLED" });
    await expect(client().createDeployment(request)).resolves.toMatchObject({ state: "ready" });
  });

  it("is waited for before it has begun, while the lock of a dead process is there", async () => {
    await client().createDeployment(request);
    const { record } = platform.store.records.get("tester")!;
    const past = new Date(platform.services.clock.now() - 1).toISOString();
    record.lock = { id: "dead", owner: "ci", host: "elsewhere", pid: 1, acquiredAt: past, expiresAt: past };
    const name = "deployments/tester/calls/00000000-0000-4000-8000-000000000000";
    const { clock } = platform.services;
    const sleep = clock.sleep.bind(clock);
    clock.sleep = async (milliseconds, signal) => {
      await sleep(milliseconds, signal);
      const done = { at: past, action: "update", outcome: "succeeded", call: name.slice(-36) } as const;
      record.history.push({ ...done, specHash: "", modelUri: "", modelVersionId: null });
    };
    await expect(client().operation(name).wait()).resolves.toMatchObject({ name: "tester" });
  });

  it("is not cancelled in silence where no record shows it", async () => {
    const operation = await client().createDeployment({ ...request, config: inBackground });
    const unknown = operation.name.replace(/.$/, (last) => (last === "0" ? "1" : "0"));
    await operation.wait();
    await expect(client().operation(operation.name).cancel()).resolves.toBeUndefined();
    await expect(client().operation(unknown).cancel()).rejects.toMatchObject({ code: "RESOURCE_DOES_NOT_EXIST" });
  });

  it("is not known by a name that no call has", async () => {
    const nobody = client().operation("deployments/tester/calls/00000000-0000-4000-8000-000000000000");
    await expect(nobody.wait()).rejects.toMatchObject({ code: "RESOURCE_DOES_NOT_EXIST" });
    const broken = client().operation("deployments/%E0%A4%A/calls/00000000-0000-4000-8000-000000000000");
    await expect(broken.wait()).rejects.toMatchObject({ code: "INVALID_PARAMETER_VALUE" });
    await expect(client().operation("projects/p/operations/1").wait()).rejects.toThrow(/deployments\/NAME\/calls\/ID/);
  });
});
