import assert from "node:assert/strict";

import type { Explanations } from "../../core/explanations.js";
import type { Case } from "./describe-target.js";
import { assertAnswers, assertGone, firstPart, refusal, withoutHistory } from "./expectations.js";
import type { Subject } from "./subject.js";

/** A plan before there is anything. */
export function firstPlanCases<Config extends object>(subject: Subject<Config>): Case[] {
  const { options, first } = subject;
  return [
    [
      "plans to create a deployment, and does nothing of it",
      async () => {
        const client = await subject.client();
        const plan = await client.planDeployment(subject.request(first));
        assert.deepEqual([plan.name, plan.action, plan.reason], [first, "create", null]);
        assert.ok(plan.steps.length > 0, "a plan to create something has steps");
        for (const { message } of plan.steps) assert.ok(message !== "", "each step has a message");
        await assertGone(client, first, options.inputs);
      },
    ],
  ];
}

/** Plans of the first deployment while `model` serves. */
export function planCases<Config extends object>(subject: Subject<Config>): Case[] {
  const { options, first } = subject;
  return [
    [
      "plans nothing for a deployment that is there",
      async () => {
        const client = await subject.client();
        const plan = await client.planDeployment({ ...subject.request(first), flavor: subject.flavor });
        assert.deepEqual([plan.name, plan.action, plan.differences], [first, "none", []]);
        for (const { step, action } of plan.steps) assert.equal(action, "skip", step);
      },
    ],
    [
      "plans another model as an update that says what differs, and does nothing of it",
      async () => {
        const client = await subject.client();
        const before = withoutHistory(await client.getDeployment({ name: first }));
        const plan = await client.planDeployment({ ...subject.request(first), modelUri: options.otherModel });
        assert.deepEqual([plan.name, plan.action], [first, "update"]);
        assert.ok(plan.differences.length > 0, "an update has differences");
        assert.ok(
          plan.steps.some(({ action }) => action !== "skip"),
          "an update has something to do",
        );
        assert.deepEqual(withoutHistory(await client.getDeployment({ name: first })), before);
        await assertAnswers(client, first, options.inputs, options.expected);
      },
    ],
  ];
}

/** Logs of the first deployment, once predictions were made. */
export function logCases<Config extends object>(subject: Subject<Config>): Case[] {
  return [
    [
      "gives the last lines of a deployment's log",
      async () => {
        const client = await subject.client();
        const lines = await client.getLogs({ name: subject.first });
        assert.ok(lines.every((line) => typeof line === "string") && lines.length <= 100, "at most 100 lines of text");
        assert.ok(
          (await client.getLogs({ name: subject.first, lines: 1 })).length <= 1,
          "no more lines than asked for",
        );
        await refusal("getLogs", () => client.getLogs({ name: subject.stranger }), "RESOURCE_DOES_NOT_EXIST");
      },
    ],
  ];
}

/** A look at what deployments need. */
export function diagnoseCases<Config extends object>(subject: Subject<Config>): Case[] {
  return [
    [
      "diagnoses what a deployment needs, with advice for what has failed",
      async () => {
        const diagnoses = await (await subject.client()).diagnose();
        assert.ok(diagnoses.length > 0, "something is looked at");
        for (const { check, status, message, advice } of diagnoses) {
          assert.ok(["ok", "warning", "failed", "skipped"].includes(status), `${status} is no status`);
          assert.ok(check !== "" && message !== "", "a diagnosis says what was looked at and found");
          if (status === "failed") assert.ok(advice, `${check} has failed, and there is no advice`);
        }
      },
    ],
  ];
}

/** Predictions in parts. */
export function streamCases<Config extends object>(subject: Subject<Config>): Case[] {
  const { options } = subject;
  const { name, prepare, dispose } = deploymentWith(subject, "streamConfig", "stream");
  return [
    [
      "streams a prediction in parts, as often as it is asked",
      async () => {
        await prepare();
        const client = await subject.client();
        for (let time = 0; time < 2; time++) {
          const parts: unknown[] = [];
          for await (const part of client.predictStream({ deploymentName: name, inputs: options.inputs }))
            parts.push(part);
          if (options.streamParts) assert.deepEqual(parts, options.streamParts);
          assert.ok(parts.length > 0, "there is at least one part");
        }
      },
    ],
    [
      "ends a stream whose consumer stops early, and goes on serving",
      async () => {
        const client = await subject.client();
        let parts = 0;
        for await (const _ of client.predictStream({ deploymentName: name, inputs: options.inputs })) {
          parts++;
          break;
        }
        assert.equal(parts, 1);
        await assertAnswers(client, name, options.inputs, options.expected);
      },
    ],
    [
      "refuses to stream what predict refuses",
      async () => {
        const client = await subject.client();
        const { inputs } = options;
        const first = (request: object) => () => firstPart(client.predictStream({ inputs, ...request }));
        await refusal("Nobody", first({ deploymentName: subject.stranger }), "RESOURCE_DOES_NOT_EXIST");
        await refusal("Neither", first({}), "INVALID_PARAMETER_VALUE");
        await refusal("No rows", first({ deploymentName: name, inputs: [] }), "INVALID_PARAMETER_VALUE");
        await refusal("An abort", first({ deploymentName: name, signal: AbortSignal.abort() }), "CANCELLED");
        await dispose();
      },
    ],
  ];
}

/** Predictions with explanations. */
export function explainCases<Config extends object>(subject: Subject<Config>): Case[] {
  const { options } = subject;
  const { name, prepare, dispose } = deploymentWith(subject, "explainConfig", "explain");
  return [
    [
      "explains predictions, one explanation for each row",
      async () => {
        await prepare();
        const client = await subject.client();
        const explained: Explanations = await client.explain({ deploymentName: name, inputs: options.inputs });
        assert.equal(explained.explanations.length, options.inputs.length);
        assert.deepEqual(explained.predictions, options.expected);
      },
    ],
    [
      "refuses to explain what predict refuses",
      async () => {
        const client = await subject.client();
        const { inputs } = options;
        const nobody = () => client.explain({ deploymentName: subject.stranger, inputs });
        await refusal("Nobody", nobody, "RESOURCE_DOES_NOT_EXIST");
        await refusal("Neither", () => client.explain({ inputs }), "INVALID_PARAMETER_VALUE");
        const empty = () => client.explain({ deploymentName: name, inputs: [] });
        await refusal("No rows", empty, "INVALID_PARAMETER_VALUE");
        await dispose();
      },
    ],
  ];
}

/** A model that is served on this machine. */
export function runLocalCases<Config extends object>(subject: Subject<Config>): Case[] {
  const { options } = subject;
  return [
    [
      "serves a model on this machine until it is stopped",
      async () => {
        const { name, modelUri, config } = subject.request(subject.name("local"));
        const server = await options.runLocal({ name, modelUri: modelUri!, config });
        try {
          assert.deepEqual([server.name, server.url], [name, `http://127.0.0.1:${server.port}`]);
          const { predictions } = await server.predict({ inputs: options.inputs });
          assert.deepEqual(predictions, options.expected);
          assert.ok(Array.isArray(server.logs(1)) && server.logs(1).length <= 1, "no more lines than asked for");
        } finally {
          await server.stop();
        }
        assert.equal((await server.exited).stopped, true);
        await server.stop();
      },
    ],
    [
      "serves no model on this machine that does not exist or lacks the flavor",
      async () => {
        const { name, modelUri, config } = subject.request(subject.name("local"));
        const run = (change: object) => () => options.runLocal({ name, modelUri: modelUri!, config, ...change });
        await refusal("An unknown model", run({ modelUri: subject.missingModel }), "RESOURCE_DOES_NOT_EXIST");
        await refusal("A missing flavor", run({ flavor: subject.missingFlavor }), "INVALID_PARAMETER_VALUE");
        await refusal("An abort", run({ signal: AbortSignal.abort() }), "CANCELLED");
      },
    ],
  ];
}

/** The first deployment, or one of its own where that needs other settings. */
function deploymentWith<Config extends object>(
  subject: Subject<Config>,
  option: "streamConfig" | "explainConfig",
  ending: string,
): { name: string; prepare: () => Promise<void>; dispose: () => Promise<void> } {
  if (!subject.isGiven(option)) return { name: subject.first, prepare: doNothing, dispose: doNothing };
  const name = subject.name(ending);
  return {
    name,
    prepare: async () => {
      const client = await subject.client();
      await client.createDeployment(subject.request(name, subject.options[option]));
    },
    dispose: async () => (await subject.client()).deleteDeployment({ name }),
  };
}

async function doNothing(): Promise<void> {}
