import assert from "node:assert/strict";

import type { BatchPrediction } from "../../core/batch.js";
import type { Operation } from "../../core/operation.js";
import type { Case } from "./describe-target.js";
import { refusal } from "./expectations.js";
import type { Subject } from "./subject.js";

/** Predictions of the first deployment from file to file. */
export function batchCases<Config extends object>(subject: Subject<Config>): Case[] {
  const refused: Case = [
    "refuses a batch prediction of nobody, of no known input, and an aborted one",
    async () => {
      const client = await subject.client();
      const files = { input: "gs://rows/a.jsonl", output: "gs://rows/predicted", deploymentName: subject.first };
      const call = (change: object) => () => client.predictBatch({ ...files, ...change });
      await refusal("Nobody", call({ deploymentName: subject.stranger }), "RESOURCE_DOES_NOT_EXIST");
      await refusal("Neither", call({ deploymentName: undefined }), "INVALID_PARAMETER_VALUE");
      await refusal("No input", call({ input: [] }), "INVALID_PARAMETER_VALUE");
      await refusal("An unknown output", call({ output: "nowhere" }), "INVALID_PARAMETER_VALUE");
      await refusal("An abort", call({ signal: AbortSignal.abort() }), "CANCELLED");
    },
  ];
  return subject.isGiven("batch") ? [refused, predicted(subject)] : [refused];
}

function predicted<Config extends object>(subject: Subject<Config>): Case {
  const { options, first } = subject;
  return [
    "predicts all rows of a file, and any client can wait for it by its name",
    async () => {
      const client = await subject.client();
      const request = { deploymentName: first, ...options.batch! };
      const config = { sync: false } as unknown as Config;
      const operation = (await client.predictBatch({ ...request, config })) as unknown as Operation<BatchPrediction>;
      const prediction = (await (await options.createClient()).operation(operation.name).wait()) as BatchPrediction;
      assert.deepEqual([prediction.name, prediction.state], [operation.name, "succeeded"]);
      assert.ok(prediction.outputDirectory !== null, "it says where the predictions are");
      assert.equal(prediction.counts.successful, options.inputs.length);
    },
  ];
}
