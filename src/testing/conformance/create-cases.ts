import assert from "node:assert/strict";

import type { CreatedDeployment } from "../../core/deployment.js";
import { DeploymentError } from "../../core/errors.js";
import { assertAnswers, assertGone, assertServes, assertSorted, refusal, withoutHistory } from "./expectations.js";
import type { Case } from "./describe-target.js";
import { pruneKey, type Subject } from "./subject.js";

/** Before anything is deployed. */
export function refusalCases<Config extends object>(subject: Subject<Config>): Case[] {
  const { options, first, stranger } = subject;
  return [
    [
      "has the capabilities that the suite was told of",
      async () => {
        const client = await subject.client();
        assert.deepEqual((await client.capabilities()).toSorted(), [...(options.capabilities ?? [])].toSorted());
        if (subject.has("prune"))
          for (const item of await client.planPrune()) subject.prunableBefore.add(pruneKey(item));
      },
    ],
    [
      "knows no deployment of a name that was never given",
      async () => {
        const client = await subject.client();
        await assertGone(client, stranger, options.inputs);
        await refusal(
          "updateDeployment",
          () => client.updateDeployment({ name: stranger, modelUri: options.model }),
          "RESOURCE_DOES_NOT_EXIST",
        );
      },
    ],
    [
      "deletes what does not exist by doing nothing",
      async () => {
        const client = await subject.client();
        assert.equal(await client.deleteDeployment({ name: stranger }), undefined);
      },
    ],
    [
      "deploys no model that does not exist, or lacks the flavor, and leaves nothing of it",
      async () => {
        const client = await subject.client();
        const request = subject.request(first);
        const { missingModel: modelUri, missingFlavor: flavor } = subject;
        await refusal(
          "An unknown model",
          () => client.createDeployment({ ...request, modelUri }),
          "RESOURCE_DOES_NOT_EXIST",
        );
        await refusal(
          "A missing flavor",
          () => client.createDeployment({ ...request, flavor }),
          "INVALID_PARAMETER_VALUE",
        );
        await assertGone(client, first, options.inputs);
      },
    ],
    [
      "refuses a name that is none",
      async () => {
        const client = await subject.client();
        for (const name of ["", " ", "a\nb", undefined as never]) {
          const call = () => client.createDeployment({ ...subject.request(first), name });
          await refusal(`The name ${JSON.stringify(name)}`, call, "INVALID_PARAMETER_VALUE");
        }
      },
    ],
  ];
}

/** The first deployment, and what can be asked of it. */
export function createCases<Config extends object>(subject: Subject<Config>): Case[] {
  const { options, first } = subject;
  const message = `The first of ${options.name}.`;
  const request = () => ({ ...subject.request(first), flavor: subject.flavor, message });
  let wasCutOff = false;
  let created: CreatedDeployment | undefined;
  return [
    [
      "stops a createDeployment whose signal is aborted, with CANCELLED",
      async () => {
        const client = await subject.client();
        const signal = AbortSignal.abort();
        await refusal("createDeployment", () => client.createDeployment({ ...request(), signal }), "CANCELLED");
        await assertGone(client, first, options.inputs);
        const stop = new AbortController();
        const onProgress = () => stop.abort();
        const call = client.createDeployment({ ...request(), signal: stop.signal, onProgress });
        const outcome: unknown = await call.catch((error: unknown) => error);
        wasCutOff = stop.signal.aborted;
        // a target that tells nothing of its progress cannot be stopped from here once it has begun
        if (wasCutOff) assert.ok(DeploymentError.is(outcome) && outcome.code === "CANCELLED", String(outcome));
      },
    ],
    [
      "goes on with it when the call is made again, whatever a listener throws, and gives name and flavor",
      async () => {
        const client = await subject.client();
        created = await client.createDeployment({ ...request(), onProgress: buggyListener });
        assertServes(created, first);
        assert.equal(created.flavor, subject.flavor);
        if (wasCutOff) assert.equal(created.changed, true);
      },
    ],
    [
      "answers predictions as soon as it is created",
      async () => assertAnswers(await subject.client(), first, options.inputs, options.expected),
    ],
    [
      "gives the deployment by its name, with what was said of it in its history",
      async () => {
        const client = await subject.client();
        const found = await client.getDeployment({ name: first });
        assertServes(found, first);
        const { changed: _, ...unchanging } = created!;
        assert.deepEqual(withoutHistory(found), withoutHistory(unchanging));
        const entry = found.history.find((candidate) => candidate.message === message);
        assert.deepEqual([entry?.action, entry?.outcome], ["create", "succeeded"]);
      },
    ],
    [
      "returns the same deployment unchanged when it is created again",
      async () => {
        const client = await subject.client();
        const { changed, ...again } = await client.createDeployment(request());
        assert.equal(changed, false);
        const { changed: _, ...unchanging } = created!;
        assert.deepEqual(withoutHistory(again), withoutHistory(unchanging));
      },
    ],
    [
      "leaves a deployment as it is when another of its name is created",
      async () => {
        const client = await subject.client();
        const before = await client.getDeployment({ name: first });
        const conflict = (change: object) => () => client.createDeployment({ ...request(), ...change });
        await refusal("Another model", conflict({ modelUri: options.otherModel }), "RESOURCE_ALREADY_EXISTS");
        if (options.otherConfig) {
          const config = { ...options.config, ...options.otherConfig };
          await refusal("Other settings", conflict({ config }), "RESOURCE_ALREADY_EXISTS");
        }
        assert.deepEqual(withoutHistory(await client.getDeployment({ name: first })), withoutHistory(before));
        await assertAnswers(client, first, options.inputs, options.expected);
      },
    ],
    [
      "lists deployments by name",
      async () => {
        const client = await subject.client();
        const names = (await client.listDeployments()).map(({ name }) => name);
        assert.equal(names.filter((name) => name === first).length, 1);
        assertSorted(names);
      },
    ],
    [
      "does nothing for a signal that is aborted, and says CANCELLED",
      async () => {
        const client = await subject.client();
        const signal = AbortSignal.abort();
        const { otherModel: modelUri, inputs } = options;
        const calls: Record<string, () => Promise<unknown>> = {
          updateDeployment: () => client.updateDeployment({ name: first, modelUri, signal }),
          deleteDeployment: () => client.deleteDeployment({ name: first, signal }),
          listDeployments: () => client.listDeployments({ signal }),
          getDeployment: () => client.getDeployment({ name: first, signal }),
          predict: () => client.predict({ deploymentName: first, inputs, signal }),
        };
        for (const [method, call] of Object.entries(calls)) await refusal(method, call, "CANCELLED");
        await assertAnswers(client, first, options.inputs, options.expected);
      },
    ],
  ];
}

function buggyListener(): never {
  throw new Error("A listener's bug is not the deployment's failure.");
}
