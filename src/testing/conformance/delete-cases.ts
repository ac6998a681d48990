import assert from "node:assert/strict";

import type { Deployment } from "../../core/deployment.js";
import type { Operation } from "../../core/operation.js";
import type { PruneItem } from "../../core/prune.js";
import type { Case } from "./describe-target.js";
import { assertAnswers, assertGone, assertServes, assertSorted, refusal } from "./expectations.js";
import { pruneKey, type Subject } from "./subject.js";

/** The end of the first deployment, and its name's second life beside another deployment. */
export function deleteCases<Config extends object>(subject: Subject<Config>): Case[] {
  const { options, first, second } = subject;
  let left: PruneItem[] = [];
  const planPrune = async () =>
    (await (await subject.client()).planPrune()).filter((item) => !subject.prunableBefore.has(pruneKey(item)));

  const cases: Case[] = [
    [
      "deletes a deployment, so that it is gone, and does nothing the second time",
      async () => {
        const client = await subject.client();
        assert.equal(await client.deleteDeployment({ name: first }), undefined);
        await assertGone(client, first, options.inputs);
        assert.equal(await client.deleteDeployment({ name: first }), undefined);
      },
    ],
  ];
  if (subject.has("prune")) {
    cases.push([
      "plans to prune what a deleted deployment leaves, and deletes nothing by that",
      async () => {
        left = await planPrune();
        for (const { kind, name, reason } of left) {
          assert.ok(["version", "image", "object", "record"].includes(kind), `${kind} is no kind of item`);
          assert.ok(name !== "" && reason !== "", "an item has a name and a reason");
        }
        assert.deepEqual(await planPrune(), left);
      },
    ]);
  }
  cases.push([
    "deploys again under a name that is free again, with no flavor where none is asked for",
    async () => {
      const client = await subject.client();
      const again = await client.createDeployment(subject.request(first));
      assertServes(again, first);
      assert.deepEqual([again.changed, again.flavor], [true, null]);
      await assertAnswers(client, first, options.inputs, options.expected);
    },
  ]);
  if (subject.has("prune")) {
    cases.push([
      "prunes nothing that a deployment has come to need since it was planned",
      async () => {
        const client = await subject.client();
        const pruned = await client.prune(left);
        const planned = new Set(left.map(pruneKey));
        for (const item of pruned) assert.ok(planned.has(pruneKey(item)), `${item.name} was not planned`);
        assertServes(await client.getDeployment({ name: first }), first);
        await assertAnswers(client, first, options.inputs, options.expected);
        assert.equal((await client.createDeployment(subject.request(first))).changed, false);
      },
    ]);
  }
  cases.push(subject.has("background") ? inBackground(subject) : inForeground(subject));
  cases.push([
    "lists both, sorted by name",
    async () => {
      const client = await subject.client();
      const names = (await client.listDeployments()).map(({ name }) => name);
      assert.deepEqual(
        names.filter((name) => name === first || name === second),
        [second, first],
      );
      assertSorted(names);
    },
  ]);
  cases.push([
    "deletes one and leaves the other",
    async () => {
      const client = await subject.client();
      await client.deleteDeployment({ name: first });
      await assertGone(client, first, options.inputs);
      await assertAnswers(client, second, options.inputs, options.otherExpected);
    },
  ]);
  if (subject.has("background")) {
    cases.push([
      "deletes in the background",
      async () => {
        const client = await subject.client();
        const operation = (await client.deleteDeployment({ name: second, config: notWaiting() })) as unknown;
        await (operation as Operation<void>).wait();
        await assertGone(client, second, options.inputs);
      },
    ]);
  }
  if (subject.has("prune")) {
    cases.push([
      "prunes what no deployment needs, and then has nothing more of it to prune",
      async () => {
        const client = await subject.client();
        await client.deleteDeployment({ name: second });
        const planned = await planPrune();
        const pruned = await client.prune(planned);
        assert.deepEqual(pruned.map(pruneKey).toSorted(), planned.map(pruneKey).toSorted());
        assert.deepEqual(await planPrune(), []);
      },
    ]);
  }
  return cases;
}

/** The second deployment: `otherModel`, at the same time as the first one. */
function inForeground<Config extends object>(subject: Subject<Config>): Case {
  const { options, second } = subject;
  return [
    "serves another deployment beside the first",
    async () => {
      const client = await subject.client();
      const request = { ...subject.request(second), modelUri: options.otherModel };
      assertServes(await client.createDeployment(request), second);
      await assertAnswers(client, second, options.inputs, options.otherExpected);
      await assertAnswers(client, subject.first, options.inputs, options.expected);
    },
  ];
}

function inBackground<Config extends object>(subject: Subject<Config>): Case {
  const { options, second } = subject;
  return [
    "deploys in the background, and any client can wait for it by the operation's name",
    async () => {
      const client = await subject.client();
      const config = notWaiting(subject.request(second).config);
      const request = { ...subject.request(second), modelUri: options.otherModel, config };
      const operation = (await client.createDeployment(request)) as unknown as Operation<unknown>;
      assert.equal(typeof operation.name, "string");
      const another = await options.createClient();
      const deployment = await another.operation(operation.name).wait();
      assertServes(deployment as Deployment, second);
      await operation.wait();
      await assertAnswers(client, second, options.inputs, options.otherExpected);
      await assertAnswers(client, subject.first, options.inputs, options.expected);
      const nobody = another.operation(`${operation.name}0`);
      await refusal("An unknown operation", () => nobody.wait(), "RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE");
    },
  ];
}

function notWaiting<Config extends object>(config?: Config): Config {
  return { ...config, sync: false } as unknown as Config;
}
