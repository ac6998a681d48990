import assert from "node:assert/strict";

import type { Deployment } from "../../core/deployment.js";
import { DeploymentError } from "../../core/errors.js";
import type { Case } from "./describe-target.js";
import { assertAnswers, assertServes, refusal, withoutHistory } from "./expectations.js";
import type { Subject } from "./subject.js";

/** Changes of the first deployment, after which `otherModel` serves. */
export function updateCases<Config extends object>(subject: Subject<Config>): Case[] {
  const { options, first } = subject;
  const message = `The second of ${options.name}.`;
  const newModel = () => ({ name: first, modelUri: options.otherModel, flavor: subject.flavor, message });
  const cases: Case[] = [
    [
      "refuses an update that cannot be, and changes nothing",
      async () => {
        const client = await subject.client();
        const before = withoutHistory(await client.getDeployment({ name: first }));
        const update = (change: object) => () => client.updateDeployment({ name: first, ...change });
        const { missingModel, missingFlavor, flavor } = subject;
        const { otherModel: modelUri } = options;
        await refusal("A flavor without a model", update({ flavor }), "INVALID_PARAMETER_VALUE");
        await refusal("A missing flavor", update({ modelUri, flavor: missingFlavor }), "INVALID_PARAMETER_VALUE");
        await refusal("An unknown model", update({ modelUri: missingModel }), "RESOURCE_DOES_NOT_EXIST");
        assert.deepEqual(withoutHistory(await client.getDeployment({ name: first })), before);
        await assertAnswers(client, first, options.inputs, options.expected);
      },
    ],
    [
      "changes the model while every prediction is answered, by the old or by the new",
      async () => {
        const client = await subject.client();
        const updated = await subject.predictingMeanwhile(first, () => client.updateDeployment(newModel()));
        assertServes(updated, first);
        assert.deepEqual([updated.changed, updated.flavor], [true, subject.flavor]);
        await assertAnswers(client, first, options.inputs, options.otherExpected);
      },
    ],
    [
      "keeps the settings through a change of the model, and what was said of it in the history",
      async () => {
        const client = await subject.client();
        const { history, settings } = await client.getDeployment({ name: first });
        const entry = history.find((candidate) => candidate.message === message);
        assert.deepEqual([entry?.action, entry?.outcome], ["update", "succeeded"]);
        assertHolds(settings, options.config);
      },
    ],
    [
      "does nothing when the same update is made again",
      async () => {
        const client = await subject.client();
        const before = withoutHistory(await client.getDeployment({ name: first }));
        const { changed, ...again } = await client.updateDeployment(newModel());
        assert.equal(changed, false);
        assert.deepEqual(withoutHistory(again), before);
      },
    ],
  ];
  if (subject.isGiven("brokenModel")) {
    cases.push([
      "goes on with the old model when the new one cannot be served",
      async () => {
        const client = await subject.client();
        const before = withoutHistory(await client.getDeployment({ name: first }));
        const { brokenModel: modelUri } = options;
        await subject.predictingMeanwhile(first, async () => {
          const error: unknown = await client
            .updateDeployment({ name: first, modelUri })
            .catch((reason: unknown) => reason);
          assert.ok(DeploymentError.is(error), `A broken model was served, or failed with ${String(error)}`);
        });
        assert.deepEqual(withoutHistory(await client.getDeployment({ name: first })), before);
        await assertAnswers(client, first, options.inputs, options.otherExpected);
      },
    ]);
  }
  if (subject.isGiven("otherConfig")) {
    cases.push([
      "changes settings alone, and keeps the model and all other settings",
      async () => {
        const client = await subject.client();
        const before = await client.getDeployment({ name: first });
        const config = options.otherConfig;
        const update = () => client.updateDeployment({ name: first, config });
        const updated = await subject.predictingMeanwhile(first, update);
        assert.equal(updated.changed, true);
        assertHolds(updated.settings, { ...before.settings, ...config });
        assertSameModel(updated, before);
        await assertAnswers(client, first, options.inputs, options.otherExpected);
        assert.equal((await update()).changed, false);
      },
    ]);
  }
  if (subject.isGiven("inPlaceConfig")) {
    cases.push([
      "changes what can be changed in place without serving the model anew",
      async () => {
        const client = await subject.client();
        const before = await client.getDeployment({ name: first });
        const config = options.inPlaceConfig;
        const update = () => client.updateDeployment({ name: first, config });
        const updated = await subject.predictingMeanwhile(first, update);
        assert.equal(updated.changed, true);
        assertHolds(updated.settings, { ...before.settings, ...config });
        assertSameModel(updated, before);
        assert.deepEqual(idsOf(updated), idsOf(before));
        assert.equal((await update()).changed, false);
      },
    ]);
  }
  return cases;
}

function assertHolds(settings: Record<string, unknown>, wanted: object | undefined): void {
  for (const [name, value] of Object.entries(wanted ?? {})) {
    assert.deepEqual(settings[name], value, `the setting ${name} of the deployment`);
  }
}

function assertSameModel(deployment: Deployment, { model, flavor }: Deployment): void {
  assert.deepEqual([deployment.model?.source, deployment.flavor], [model?.source, flavor]);
}

function idsOf({ deployedModels }: Deployment): string[] {
  return deployedModels.map(({ id }) => id);
}
