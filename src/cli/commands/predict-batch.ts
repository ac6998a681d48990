import type { BatchInputFormat, BatchPrediction } from "../../core/batch.js";
import type { Outcome } from "../outcome.js";
import { type TargetCall, targetCommand } from "../target-command.js";
import { configOption, targetOption } from "../target-options.js";
import { UsageError } from "../usage-error.js";

interface BatchValues {
  name?: string;
  endpoint?: string;
  inputUri: string[];
  outputUri?: string;
  inputFormat?: BatchInputFormat;
  params?: string;
  job?: string;
  cancel?: boolean;
}

const formats = [
  "jsonl",
  "csv",
  "bigquery",
  "tf-record",
  "tf-record-gzip",
  "file-list",
] as const satisfies BatchInputFormat[];

export const predictBatchCommand = targetCommand({
  name: "predict-batch",
  summary: "Predict the rows of files or of a table, on machines of their own.",
  details: `It waits for the job; Ctrl-C ends the wait, and not the job. Run again while the
same job runs, it waits for that. With -C sync=false it prints the job's name
and ends; --job NAME waits for it later, and --job NAME --cancel cancels it.`,
  options: [
    { flags: "--name <name>", description: "name of the deployment whose model predicts; or --endpoint" },
    { flags: "--endpoint <name>", description: "name of the endpoint whose model predicts; or --name" },
    targetOption,
    {
      flags: "--input-uri <uri>",
      description: "the rows: gs://BUCKET/FILE, with * for several, or bq://PROJECT.DATASET.TABLE; may be repeated",
      repeatable: true,
    },
    { flags: "--output-uri <uri>", description: "where to: gs://BUCKET/DIRECTORY, or bq://PROJECT.DATASET" },
    {
      flags: "--input-format <format>",
      description: "of the rows; default: csv for files *.csv, bigquery for a table, else jsonl",
      choices: formats,
    },
    { flags: "--params <json>", description: "the model's inference parameters, a JSON object" },
    configOption,
    { flags: "--job <name>", description: "wait for this job, in place of starting one" },
    { flags: "--cancel", description: "cancel the job of --job" },
  ],
  events: true,
  forms: true,
  run: (call, values) => {
    const given = values as unknown as BatchValues;
    if (given.job === undefined) return start(given, call);
    const { job, cancel, inputUri } = given;
    if (given.name || given.endpoint || inputUri.length > 0 || given.outputUri || given.inputFormat || given.params)
      throw new UsageError("--job is a job that is there: leave out what would start one.");
    return cancel ? cancelJob(job, call) : waitForJob(job, call);
  },
});

async function start(given: BatchValues, call: TargetCall): Promise<Outcome> {
  const { name: deploymentName, endpoint, inputUri: input, outputUri: output, inputFormat } = given;
  if (given.cancel) throw new UsageError("--cancel needs --job.");
  if ((deploymentName === undefined) === (endpoint === undefined))
    throw new UsageError("Must specify exactly one of --name or --endpoint.");
  if (input.length === 0) throw new UsageError("Missing option '--input-uri'.");
  if (output === undefined) throw new UsageError("Missing option '--output-uri'.");
  const params = given.params === undefined ? undefined : await parsedParams(given.params);
  const request = { deploymentName, endpoint, input, output, inputFormat, params };
  // in a table, so that an operation is not waited for: the job needs nobody
  const { begun } = await call.long(async (options) => ({
    begun: await call.client.predictBatch({ ...options, ...request }),
  }));
  return "wait" in begun ? { result: { name: begun.name }, text: begun.name } : predicted(begun);
}

async function waitForJob(job: string, call: TargetCall): Promise<Outcome> {
  const result = await call.long((options) => call.client.operation(job, options).wait({ signal: options.signal }));
  if (result === null || !("counts" in result)) throw new UsageError(`--job ${job} is no batch prediction.`);
  return predicted(result);
}

async function cancelJob(job: string, call: TargetCall): Promise<Outcome> {
  await call.client.operation(job, call.options).cancel();
  return { result: { name: job }, text: `Batch prediction ${job} is asked to stop` };
}

async function predicted(result: BatchPrediction): Promise<Outcome> {
  const { batchLines, batchTable, isWhole } = await import("../output/batch-text.js");
  const outcome = { result, text: batchLines(result).join("\n"), table: batchTable(result) };
  return isWhole(result) ? outcome : { ...outcome, exitCode: 1 };
}

async function parsedParams(typed: string): Promise<Record<string, unknown>> {
  const { parseExactJson } = await import("../../core/exact-json.js");
  let params: unknown;
  try {
    params = parseExactJson(typed, "It");
  } catch (error) {
    throw new UsageError(`Invalid value for '--params': ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof params === "object" && params !== null && !Array.isArray(params)) return params as Record<string, unknown>;
  throw new UsageError("Invalid value for '--params': It is a JSON object.");
}
