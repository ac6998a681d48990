import assert from "node:assert/strict";

import type { PredictionInputs } from "../../core/prediction-inputs.js";
import { PredictionsResponse } from "../../core/predictions-response.js";
import type { Case } from "./describe-target.js";
import { assertAnswers, refusal } from "./expectations.js";
import type { Subject } from "./subject.js";

/** Predictions of the first deployment. */
export function predictCases<Config extends object>(subject: Subject<Config>): Case[] {
  const { options, first } = subject;
  const cases: Case[] = [
    [
      "gives one prediction for each row, in their order",
      async () => {
        const client = await subject.client();
        const { inputs, expected } = options;
        await assertAnswers(client, first, inputs.toReversed(), expected.toReversed());
        await assertAnswers(client, first, inputs.slice(0, 1), expected.slice(0, 1));
        await assertAnswers(client, first, [...inputs, ...inputs], [...expected, ...expected]);
      },
    ],
    [
      "gives predictions that can be read in rows and columns, and as JSON",
      async () => {
        const client = await subject.client();
        const response = await client.predict({ deploymentName: first, inputs: options.inputs });
        assert.equal(response.rows().length, options.inputs.length);
        assert.ok(Object.keys(response.columns()).length > 0);
        assert.deepEqual(PredictionsResponse.fromJSON(JSON.stringify(response)).predictions, options.expected);
      },
    ],
    [
      "takes rows in every form that MLflow and pandas write them in",
      async () => {
        const client = await subject.client();
        for (const inputs of formsOf(options.inputs)) {
          const { predictions } = await client.predict({ deploymentName: first, inputs });
          assert.deepEqual(predictions, options.expected, `Predictions for ${JSON.stringify(inputs)}`);
        }
      },
    ],
    [
      "refuses params inside inputs, which it would not pass on",
      async () => {
        const client = await subject.client();
        const inputs = { instances: options.inputs, params: {} };
        const call = () => client.predict({ deploymentName: first, inputs });
        await refusal("Inputs with params", call, "INVALID_PARAMETER_VALUE");
      },
    ],
    [
      "predicts by exactly one of deploymentName and endpoint",
      async () => {
        const client = await subject.client();
        const { inputs } = options;
        await refusal("Neither", () => client.predict({ inputs }), "INVALID_PARAMETER_VALUE");
        const both = { deploymentName: first, endpoint: first, inputs };
        await refusal("Both", () => client.predict(both), "INVALID_PARAMETER_VALUE");
      },
    ],
    [
      "refuses inputs that are no rows",
      async () => {
        const client = await subject.client();
        for (const inputs of [[], {}, "rows", null, undefined]) {
          const call = () => client.predict({ deploymentName: first, inputs: inputs as never });
          await refusal(`Inputs of ${JSON.stringify(inputs)}`, call, "INVALID_PARAMETER_VALUE");
        }
      },
    ],
  ];
  if (subject.isGiven("badInputs")) {
    cases.push([
      "passes on what the model refuses, and goes on serving",
      async () => {
        const client = await subject.client();
        const inputs = options.badInputs ?? [];
        await refusal("predict", () => client.predict({ deploymentName: first, inputs }), "INVALID_PARAMETER_VALUE");
        await assertAnswers(client, first, options.inputs, options.expected);
      },
    ]);
  }
  return cases;
}

/** Other forms of the same rows. */
function formsOf(rows: readonly unknown[]): PredictionInputs[] {
  const forms: PredictionInputs[] = [{ instances: rows }, { inputs: rows }];
  if (rows.every((row) => Array.isArray(row))) return [...forms, { dataframe_split: { data: rows as unknown[][] } }];
  if (!rows.every(isTable)) return forms;
  const columns = Object.keys(rows[0] ?? {});
  const data = rows.map((row) => columns.map((column) => row[column] ?? null));
  const lists = Object.fromEntries(columns.map((column, at) => [column, data.map((row) => row[at])]));
  return [...forms, { dataframe_records: rows }, { dataframe_split: { columns, data } }, { inputs: lists }];
}

function isTable(row: unknown): row is Record<string, unknown> {
  return typeof row === "object" && row !== null && !Array.isArray(row);
}
