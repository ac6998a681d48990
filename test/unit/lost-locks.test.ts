import { beforeEach, describe, expect, it } from "vitest";

import { getDeployClient } from "../../src/index.js";
import { leaseMs } from "../../src/rollout/lock.js";
import type { MockPlatform, MockServices } from "../../src/testing/index.js";
import { platformWithModels } from "../support/numbered-models.js";

const config = { projectId: "acme", productionBucket: "acme-models", drainSeconds: 1 };
const model = (number: number) => ({ name: "tester", modelUri: `models:/iris/${number}` });

let platform: MockPlatform;
beforeEach(() => {
  platform = platformWithModels();
});

const client = (services: MockServices = platform.services) => getDeployClient("aiplatform", { services, config });
const endpoint = () => [...platform.endpoints.endpoints.values()][0]!;

/** The services of a process that is suspended once in a while: when it waits for its operation of that kind. */
function suspendedIn(method: "deploy" | "undeploy" | "delete", meanwhile: () => Promise<unknown>): MockServices {
  const { endpointManager } = platform.services;
  const start = endpointManager[method].bind(endpointManager) as (...args: unknown[]) => Promise<object>;
  const suspended = async (...args: unknown[]) => {
    const operation = (await start(...args)) as { wait: () => Promise<unknown> };
    const wait = async () => {
      const result = await operation.wait();
      platform.services.clock.advance(leaseMs + 1);
      await meanwhile();
      return result;
    };
    return { ...operation, wait };
  };
  const changed = Object.assign(Object.create(endpointManager) as typeof endpointManager, { [method]: suspended });
  return { ...platform.services, endpointManager: changed };
}

describe("a process that was suspended until another has taken its lock", () => {
  it("moves no traffic to its model when it wakes up, and undeploys nothing", async () => {
    await client().createDeployment(model(1));
    const other = suspendedIn("deploy", () => client().updateDeployment(model(3)));
    await expect(client(other).updateDeployment(model(2))).rejects.toMatchObject({ code: "RESOURCE_CONFLICT" });
    expect(endpoint().deployedModels).toMatchObject([{ trafficPercent: 100 }]);
    const { model: served } = await client().getDeployment({ name: "tester" });
    expect(served?.source).toBe("models:/iris/3");
  });

  it("takes away nothing of a deployment that was made meanwhile", async () => {
    await client().createDeployment(model(1));
    const meanwhile = async () => {
      await client().deleteDeployment({ name: "tester" });
      await client().createDeployment(model(1));
    };
    const deleting = client(suspendedIn("undeploy", meanwhile)).deleteDeployment({ name: "tester" });
    await expect(deleting).rejects.toMatchObject({ code: "RESOURCE_CONFLICT" });
    expect(await client().getDeployment({ name: "tester" })).toMatchObject({ state: "ready", trafficPercent: 100 });
  });

  it("leaves its lock to the other", async () => {
    await client().createDeployment(model(1));
    const other = suspendedIn("deploy", () => client().updateDeployment(model(3)));
    await expect(client(other).updateDeployment(model(2))).rejects.toThrow(/another process/);
    expect(platform.store.records.get("tester")!.record).toMatchObject({ lock: null, update: null, pending: null });
    await expect(client().updateDeployment(model(3))).resolves.toMatchObject({ changed: false });
  });
});
