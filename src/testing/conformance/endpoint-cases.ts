import assert from "node:assert/strict";

import type { ServingEndpoint } from "../../core/serving-endpoint.js";
import type { Case } from "./describe-target.js";
import { assertSorted, assertServes, refusal } from "./expectations.js";
import type { Subject } from "./subject.js";

/** With halves, that one of two deployments answers none of so many predictions is less likely than one in 10^15. */
const manyPredictions = 50;

/** An endpoint with two deployments, of `model` and of `otherModel`. */
export function endpointCases<Config extends object>(subject: Subject<Config>): Case[] {
  const { options } = subject;
  const endpoint = subject.name("endpoint");
  const another = subject.name("an-endpoint");
  const [left, right] = [subject.name("left"), subject.name("right")];
  let made: ServingEndpoint | undefined;

  const split = (shares: Record<string, number>): Config =>
    options.trafficConfig?.(shares) ?? ({ trafficSplit: shares } as unknown as Config);
  /** Which of the two models answered, for each of many predictions. */
  const answers = async () => {
    const client = await subject.client();
    const answered = new Set<"model" | "otherModel">();
    for (let count = 0; count < manyPredictions; count++) {
      const { predictions } = await client.predict({ endpoint, inputs: options.inputs });
      const isModel = JSON.stringify(predictions) === JSON.stringify(options.expected);
      if (!isModel) assert.deepEqual(predictions, options.otherExpected);
      answered.add(isModel ? "model" : "otherModel");
    }
    return [...answered].toSorted();
  };
  const traffic = async () => (await (await subject.client()).getEndpoint({ endpoint })).traffic;

  return [
    [
      "makes an endpoint, and gives it by its name and by the platform's",
      async () => {
        const client = await subject.client();
        const { endpointConfig: config } = options;
        made = await client.createEndpoint({ name: endpoint, config });
        assert.deepEqual([made.name, made.traffic, made.deployedModels], [endpoint, {}, []]);
        assert.deepEqual(await client.getEndpoint({ endpoint }), made);
        assert.deepEqual(await client.getEndpoint({ endpoint: made.resourceName }), made);
        assert.equal((await client.createEndpoint({ name: endpoint, config })).id, made.id);
      },
    ],
    [
      "lists endpoints by name, and none that was not made by createEndpoint",
      async () => {
        const client = await subject.client();
        await client.createEndpoint({ name: another, config: options.endpointConfig });
        const names = (await client.listEndpoints()).map(({ name }) => name);
        const own = names.filter((name) => name.startsWith(subject.name("")));
        assert.deepEqual(own, [another, endpoint]);
        assertSorted(names);
      },
    ],
    [
      "knows no endpoint of a name that was never given, and deletes it by doing nothing",
      async () => {
        const client = await subject.client();
        const nobody = { endpoint: subject.stranger };
        const { inputs } = options;
        const request = { ...subject.request(subject.stranger), ...nobody };
        await refusal("getEndpoint", () => client.getEndpoint(nobody), "RESOURCE_DOES_NOT_EXIST");
        await refusal("updateEndpoint", () => client.updateEndpoint(nobody), "RESOURCE_DOES_NOT_EXIST");
        await refusal("predict", () => client.predict({ ...nobody, inputs }), "RESOURCE_DOES_NOT_EXIST");
        await refusal("createDeployment", () => client.createDeployment(request), "RESOURCE_DOES_NOT_EXIST");
        assert.equal(await client.deleteEndpoint(nobody), undefined);
      },
    ],
    [
      "gives all the traffic of an endpoint to its first deployment, and lets the second come to it",
      async () => {
        const client = await subject.client();
        const request = { ...subject.request(left), endpoint };
        const first = await client.createDeployment(request);
        assertServes(first, left);
        assert.deepEqual([first.endpoint?.id, first.endpoint?.shared, first.trafficPercent], [made?.id, true, 100]);
        const second = await client.createDeployment({
          ...subject.request(right),
          modelUri: options.otherModel,
          endpoint,
        });
        assertServes(second, right);
        assert.equal((await client.createDeployment(request)).changed, false);
        const shares = await traffic();
        assert.deepEqual(Object.keys(shares).toSorted(), [left, right]);
        assert.equal((shares[left] ?? 0) + (shares[right] ?? 0), 100);
      },
    ],
    [
      "lists the deployments of one endpoint",
      async () => {
        const client = await subject.client();
        const names = async (name: string) =>
          (await client.listDeployments({ endpoint: name })).map((deployment) => deployment.name);
        assert.deepEqual(await names(endpoint), [left, right]);
        assert.deepEqual(await names(another), []);
      },
    ],
    [
      "splits the traffic as it is told",
      async () => {
        const client = await subject.client();
        const shares = { [left]: 50, [right]: 50 };
        const updated = await client.updateEndpoint({ endpoint, config: split(shares) });
        assert.deepEqual([updated.traffic, await traffic()], [shares, shares]);
        assert.deepEqual(await answers(), ["model", "otherModel"]);
        const all = { [left]: 0, [right]: 100 };
        assert.deepEqual((await client.updateEndpoint({ endpoint, config: split(all) })).traffic, all);
        assert.equal((await client.getDeployment({ name: right })).trafficPercent, 100);
        assert.deepEqual(await answers(), ["otherModel"]);
      },
    ],
    [
      "never has another deployment answer for the one that is named",
      async () => {
        const client = await subject.client();
        const shares = { [left]: 50, [right]: 50 };
        await client.updateEndpoint({ endpoint, config: split(shares) });
        for (let count = 0; count < 10; count++) {
          // a platform where the caller cannot choose refuses
          const predictions = await client.predict({ deploymentName: left, inputs: options.inputs }).then(
            (response) => response.predictions,
            async (error: unknown) => {
              await refusal("predict", () => Promise.reject(error), "FAILED_PRECONDITION");
              return options.expected;
            },
          );
          assert.deepEqual(predictions, options.expected);
        }
      },
    ],
    [
      "refuses a traffic split that does not add up, or names who is not there, and keeps the old one",
      async () => {
        const client = await subject.client();
        const before = await traffic();
        const update = (shares: Record<string, number>) => () =>
          client.updateEndpoint({ endpoint, config: split(shares) });
        await refusal("90%", update({ [left]: 50, [right]: 40 }), "INVALID_PARAMETER_VALUE");
        await refusal(
          "A stranger",
          update({ [left]: 50, [subject.stranger]: 50 }),
          "INVALID_PARAMETER_VALUE",
          "RESOURCE_DOES_NOT_EXIST",
        );
        assert.deepEqual(await traffic(), before);
      },
    ],
    [
      "keeps an endpoint while deployments are on it",
      async () => {
        const client = await subject.client();
        await refusal("deleteEndpoint", () => client.deleteEndpoint({ endpoint }), "FAILED_PRECONDITION");
        assert.deepEqual(await answers(), ["model", "otherModel"]);
      },
    ],
    [
      "gives the share of a deployment that is deleted to the other",
      async () => {
        const client = await subject.client();
        await client.deleteDeployment({ name: left });
        assert.deepEqual(await traffic(), { [right]: 100 });
        assert.deepEqual(await answers(), ["otherModel"]);
      },
    ],
    [
      "keeps an endpoint whose last deployment is deleted, and deletes it when it is told, the second time by doing nothing",
      async () => {
        const client = await subject.client();
        await client.deleteDeployment({ name: right });
        assert.deepEqual((await client.getEndpoint({ endpoint })).traffic, {});
        for (const name of [endpoint, another, endpoint]) {
          assert.equal(await client.deleteEndpoint({ endpoint: name }), undefined);
        }
        await refusal("getEndpoint", () => client.getEndpoint({ endpoint }), "RESOURCE_DOES_NOT_EXIST");
        const names = (await client.listEndpoints()).map(({ name }) => name);
        assert.ok(!names.includes(endpoint), "a deleted endpoint is not listed");
      },
    ],
  ];
}
