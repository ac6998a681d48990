import { describe, expect, it } from "vitest";

import {
  type AiPlatformConfig,
  DeploymentError,
  type DeploymentPlan,
  getDeployClient,
  type ProgressEvent,
} from "../../src/index.js";
import type { MockPlatform } from "../../src/testing/index.js";
import { faultyServices } from "../support/faulty-services.js";
import { platformWithModels } from "../support/numbered-models.js";

const base = { projectId: "acme", productionBucket: "acme-models", drainSeconds: 1 };

interface Wish {
  modelUri?: string;
  endpoint?: string;
  config: AiPlatformConfig;
}

const settings: AiPlatformConfig[] = [
  {},
  { machineType: "n1-standard-8" },
  { minReplicaCount: 2, labels: { team: "x" } },
  { env: { MODE: "fast" } },
  { machineType: "n1-standard-8", labels: { team: "y" }, endpointDescription: "d" },
  { trafficPercent: 40 },
  { endpointType: "dedicated" },
];
const wishes: Wish[] = settings.flatMap((config) => [
  { modelUri: "models:/iris/1", config },
  { modelUri: "models:/iris/2", config },
  { config },
]);

/** What is there before: nothing, a deployment, one that shares, one whose call was cut off. */
const states: [string, (platform: MockPlatform) => Promise<{ endpoint?: string }>][] = [
  ["nothing", async () => ({})],
  ["an endpoint to share", async (platform) => shop(platform)],
  ["a deployment", async (platform) => (await create(platform), {})],
  ["a deployment with settings", async (platform) => (await create(platform, settings[4]), {})],
  ["a deployment that shares", async (platform) => (await create(platform, {}, await shop(platform)), {})],
  ["a deployment without its record", async (platform) => (await create(platform), platform.store.records.clear(), {})],
  ["a create that was cut off", async (platform) => (await cut(platform, "create"), {})],
  ["an update that was cut off", async (platform) => (await create(platform), await cut(platform, "update"), {})],
  ["a delete that was cut off", async (platform) => (await create(platform), await cut(platform, "delete"), {})],
];

const client = ({ services }: Pick<MockPlatform, "services">) =>
  getDeployClient("aiplatform", { services, config: base });

async function shop(platform: MockPlatform): Promise<{ endpoint: string }> {
  await client(platform).createEndpoint({ name: "shop" });
  await client(platform).createDeployment({ name: "other", modelUri: "models:/iris/1", endpoint: "shop" });
  return { endpoint: "shop" };
}

async function create(platform: MockPlatform, config: AiPlatformConfig = {}, place: { endpoint?: string } = {}) {
  await client(platform).createDeployment({ name: "tester", modelUri: "models:/iris/1", config, ...place });
}

async function cut(platform: MockPlatform, what: "create" | "update" | "delete"): Promise<void> {
  const at = { create: 22, update: 24, delete: 8 }[what];
  const { services } = faultyServices(platform.services, at, "killed after");
  const faulty = client({ services });
  const options = { name: "tester", modelUri: "models:/iris/2" };
  const call = { create: () => faulty.createDeployment(options), update: () => faulty.updateDeployment(options) };
  const cutOff = what === "delete" ? faulty.deleteDeployment({ name: "tester" }) : call[what]();
  await expect(cutOff).rejects.toMatchObject({ code: "TEMPORARILY_UNAVAILABLE" });
}

const snapshot = ({ endpoints, registry, store }: MockPlatform) =>
  structuredClone({ endpoints: endpoints.endpoints, versions: registry.versions, records: store.records });

/** The steps that the call says it has done, in their order, each once. */
function doneBy(events: ProgressEvent[]): string[] {
  const done = events.flatMap((event) => (event.type === "step" && event.status === "done" ? [event.step] : []));
  return [...new Set(done)].filter((step) => !["resolve", "bundle", "model"].includes(step));
}

/** The requests that the call has sent, of those that make or take away what costs money. */
const costly = {
  version: "versionManager.create",
  deploy: "endpointManager.deploy",
  undeploy: "endpointManager.undeploy",
};

/** What a plan says of the call, in the terms of {@link outcomeOf}. */
function foretold({ action, reason, steps: all }: DeploymentPlan) {
  if (action === "refuse") return { reason };
  const steps = all.filter((step) => step.action !== "skip").map(({ step }) => step as string);
  const requests = Object.entries(costly).flatMap(([step, request]) => (steps.includes(step) ? [request] : []));
  return { changed: action !== "none", steps, requests };
}

async function outcomeOf(platform: MockPlatform, plan: DeploymentPlan, options: Wish & { name: string }) {
  const events: ProgressEvent[] = [];
  const pending = platform.store.records.get("tester")?.record.pending?.step;
  const withProgress = { ...options, onProgress: (event: ProgressEvent) => events.push(event) };
  platform.recorder.calls.length = 0;
  const creates = () => client(platform).createDeployment(withProgress);
  const updates = () => client(platform).updateDeployment(withProgress);
  if (plan.action === "refuse") {
    const reasons = [await refusalOf(creates), await refusalOf(updates)];
    return { reason: reasons.find((reason) => reason === plan.reason) ?? reasons };
  }
  const { changed } = await (plan.action === "create" ? creates() : updates());
  const planned = plan.steps.filter(({ action }) => action !== "skip").map(({ step }) => step as string);
  // what was under way is done when its end was waited for, though it may have been there before
  const steps = doneBy(events).filter((step) => step !== pending || planned.includes(step));
  const { methods } = platform.recorder;
  return { changed, steps, requests: Object.values(costly).filter((request) => methods.includes(request)) };
}

describe.each(states)("a plan where there is %s", (_what, prepare) => {
  it.each(wishes)("does nothing, and agrees with the call that it plans: %j", async (wish) => {
    const platform = platformWithModels();
    const options = { name: "tester", ...(await prepare(platform)), ...wish };
    const before = snapshot(platform);
    const plan = await client(platform).planDeployment(options);
    expect(snapshot(platform)).toEqual(before);
    expect(await outcomeOf(platform, plan, options)).toEqual(foretold(plan));
  });
});

async function refusalOf(call: () => Promise<unknown>): Promise<string | null> {
  try {
    await call();
    return null;
  } catch (error) {
    return DeploymentError.from(error, "").message;
  }
}
