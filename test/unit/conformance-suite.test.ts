import { describe, expect, it } from "vitest";

import {
  allCapabilities,
  type BaseDeploymentClient,
  type CreateDeploymentOptions,
  type UpdateDeploymentOptions,
  DeploymentError,
  getDeployClient,
  PredictionsResponse,
  registerTarget,
  runLocal,
} from "../../src/index.js";
import { describeTarget, inMemoryTarget, type TargetUnderTest } from "../../src/testing/index.js";

type Client = BaseDeploymentClient;

const everything = allCapabilities.filter((capability) => capability !== "batch");

/** Runs the suite on a target in memory, with some of its methods replaced, and gives the tests that fail. */
async function failuresOf(
  broken: (client: Client) => Partial<Client>,
  options: Partial<TargetUnderTest> & { capabilities?: typeof everything } = {},
): Promise<string[]> {
  const predict = ({ modelUri, inputs }: { modelUri: string; inputs: readonly unknown[] }) =>
    inputs.map((row) => (modelUri === "one" ? Number(row) : Number(row) * 10));
  const capabilities = options.capabilities ?? everything;
  const flavors = (uri: string) => (uri.startsWith("models:") ? null : ["python_function"]);
  const start = (uri: string) => (uri === "broken" ? Promise.reject(new Error("It does not start.")) : undefined);
  registerTarget(inMemoryTarget({ name: "faulty", capabilities, predict, flavors, start }));
  const createClient = () => {
    const client = getDeployClient("faulty");
    const replaced = broken(client);
    return new Proxy(client, {
      get: (target, name) => {
        const member: unknown = Reflect.get(name in replaced ? replaced : target, name);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
  };
  const tests: [string, () => Promise<void>][] = [];
  let cleanUp = async () => {};
  const runner = {
    describe: (_: string, define: () => void) => define(),
    it: (name: string, run: () => Promise<void>) => tests.push([name, run]),
    afterAll: (run: () => Promise<void>) => {
      cleanUp = run;
    },
  };
  const models = { model: "one", otherModel: "ten", brokenModel: "broken", inputs: [1, 2] };
  const answers = { expected: [1, 2], otherExpected: [10, 20], otherConfig: { size: "large" } };
  const target = { name: "faulty", createClient, runLocal: (local: never) => runLocal("faulty", local), capabilities };
  describeTarget({ ...target, ...models, ...answers, ...options }, runner);
  const failed: string[] = [];
  for (const [name, run] of tests) await run().catch(() => failed.push(name));
  await cleanUp();
  return failed;
}

describe("the conformance suite", () => {
  it("passes a target that does all it has to", async () => {
    expect(await failuresOf(() => ({}))).toEqual([]);
  });

  it("leaves nothing, also after a test that fails", async () => {
    let refusals = 8;
    const failed = await failuresOf((client) => ({
      deleteDeployment: (options) =>
        refusals-- > 0
          ? Promise.reject(new DeploymentError("INTERNAL_ERROR", "No."))
          : client.deleteDeployment(options),
    }));
    expect(failed).toContain("deletes a deployment, so that it is gone, and does nothing the second time");
    expect(failed).toContain("gives the share of a deployment that is deleted to the other");
    expect(refusals).toBeLessThan(0);
    expect(await getDeployClient("faulty").listDeployments()).toEqual([]);
  });

  it.each<[string, (client: Client) => Partial<Client>, string]>([
    [
      "mixes up the rows",
      (client) => ({
        predict: async (options) => {
          const { predictions } = await client.predict(options);
          return new PredictionsResponse({ predictions: predictions.toSorted((a, b) => Number(a) - Number(b)) });
        },
      }),
      "gives one prediction for each row, in their order",
    ],
    [
      "never finds that nothing has changed",
      (client) => ({
        createDeployment: async (options) => ({ ...(await client.createDeployment(options)), changed: true }),
      }),
      "returns the same deployment unchanged when it is created again",
    ],
    [
      "replaces what has the name",
      (client) => ({
        createDeployment: (options: CreateDeploymentOptions = {}) =>
          client.createDeployment(options).catch((error: DeploymentError) => {
            if (error.code !== "RESOURCE_ALREADY_EXISTS") throw error;
            return client.updateDeployment(options as UpdateDeploymentOptions);
          }),
      }),
      "leaves a deployment as it is when another of its name is created",
    ],
    [
      "deletes before it updates",
      (client) => ({
        updateDeployment: async (options) => {
          if (!options.modelUri || options.modelUri === "broken" || options.flavor !== "python_function")
            return client.updateDeployment(options);
          await client.getDeployment(options);
          await client.deleteDeployment(options);
          // long enough for a prediction to meet nothing
          for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
          return client.createDeployment(options);
        },
      }),
      "changes the model while every prediction is answered, by the old or by the new",
    ],
    [
      "takes a model that is broken",
      (client) => ({
        updateDeployment: (options) =>
          client.updateDeployment(options.modelUri === "broken" ? { ...options, modelUri: "one" } : options),
      }),
      "goes on with the old model when the new one cannot be served",
    ],
    [
      "forgets the settings that are not named",
      (client) => ({
        updateDeployment: async (options) => {
          const updated = await client.updateDeployment(options);
          return { ...updated, settings: {} };
        },
      }),
      "changes settings alone, and keeps the model and all other settings",
    ],
    [
      "lists in any order",
      (client) => ({ listDeployments: async (options) => (await client.listDeployments(options)).toReversed() }),
      "lists both, sorted by name",
    ],
    [
      "fails to delete what is not there",
      (client) => ({
        deleteDeployment: async (options) => {
          await client.getDeployment(options);
          await client.deleteDeployment(options);
        },
      }),
      "deletes what does not exist by doing nothing",
    ],
    [
      "does not listen to a signal",
      (client) => ({ predict: (options) => client.predict({ ...options, signal: undefined }) }),
      "does nothing for a signal that is aborted, and says CANCELLED",
    ],
    [
      "lets an error of its library through",
      () => ({ getDeployment: () => Promise.reject(new TypeError("deployments is undefined")) }),
      "knows no deployment of a name that was never given",
    ],
    [
      "throws in place of rejecting",
      () => ({
        getDeployment: () => {
          throw new DeploymentError("RESOURCE_DOES_NOT_EXIST", "No.");
        },
      }),
      "knows no deployment of a name that was never given",
    ],
    [
      "plans by doing",
      (client) => ({
        planDeployment: async (options = {}) => {
          const plan = await client.planDeployment(options);
          if (plan.action === "create") await client.createDeployment(options);
          return plan;
        },
      }),
      "plans to create a deployment, and does nothing of it",
    ],
    [
      "says that it has pruned what it has kept",
      () => ({ prune: async (items) => [...items] }),
      "prunes what no deployment needs, and then has nothing more of it to prune",
    ],
    [
      "deletes an endpoint with all that is on it",
      (client) => ({ deleteEndpoint: () => client.listEndpoints().then(() => {}) }),
      "keeps an endpoint while deployments are on it",
    ],
    [
      "splits no traffic",
      (client) => ({ updateEndpoint: ({ endpoint }) => client.getEndpoint({ endpoint }) }),
      "splits the traffic as it is told",
    ],
    [
      "has less than it says",
      () => ({ capabilities: async () => ["logs"] }),
      "has the capabilities that the suite was told of",
    ],
  ])("finds a target that %s", async (_, broken, failing) => {
    expect(await failuresOf(broken)).toContain(failing);
  });

  it("finds a target that does not say that it lacks something", async () => {
    const explain = () => Promise.reject(new DeploymentError("NOT_IMPLEMENTED", "No such method."));
    expect(await failuresOf(() => ({ explain }), { capabilities: [] })).toEqual([
      "declares that it has no explain, and says so",
    ]);
  });
});
