import type { BatchInputFormat } from "../../../core/batch.js";
import { DeploymentError } from "../../../core/errors.js";
import { checkJsonData } from "../../../core/json-data.js";
import type { PredictBatchOptions } from "../../../core/options.js";
import { type PredictionTarget, predictionTarget } from "../../../core/prediction-request.js";

/** The options of `predictBatch`, checked and complete. */
export interface BatchCall {
  target: PredictionTarget;
  input: string[];
  inputFormat: BatchInputFormat;
  output: string;
  parameters: Record<string, unknown> | null;
}

/** `Model.supported_input_storage_formats` of files. */
const fileFormats: readonly string[] = [
  "jsonl",
  "csv",
  "tf-record",
  "tf-record-gzip",
  "file-list",
] satisfies BatchInputFormat[];

const gsUri = /^gs:\/\/(?<bucket>[a-z0-9][a-z0-9._-]{1,220}[a-z0-9])(?:\/(?<object>[^\p{Cc}]*))?$/u;
/** A project's id may have a domain before it: `example.com:project`. */
const project = String.raw`bq:\/\/[a-z][a-z0-9.:-]{4,}`;
const bigQueryTable = new RegExp(String.raw`^${project}\.\w+\.[\w$-]+$`);
const bigQueryPlace = new RegExp(String.raw`^${project}(\.\w+(\.[\w$-]+)?)?$`);

/**
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` unless exactly one of `deploymentName` and `endpoint` is given, and for
 * inputs, an output or a format of no known form, and for params that JSON cannot hold.
 */
export function batchCall(options: PredictBatchOptions<object>): BatchCall {
  const target = predictionTarget(options);
  const input = typeof options.input === "string" ? [options.input] : [...(options.input ?? [])];
  if (input.length === 0)
    throw invalid("input is missing: give files, such as gs://bucket/rows.jsonl, or a bq:// table.");
  const isTable = input.some((uri: unknown) => typeof uri === "string" && uri.startsWith("bq://"));
  if (isTable) checkTable(input);
  else for (const uri of input) checkFile(uri);
  const { params } = options;
  checkJsonData(params ?? {}, "params");
  return {
    target,
    input,
    inputFormat: checkedFormat(options.inputFormat ?? formatOf(input), isTable),
    output: checkedOutput(options.output),
    parameters: params && Object.keys(params).length > 0 ? params : null,
  };
}

/** Bucket and object of a `gs://` URI; null for any other. */
export function partsOfGsUri(uri: string): { bucket: string; object: string } | null {
  const { bucket, object = "" } = gsUri.exec(uri)?.groups ?? {};
  return bucket === undefined ? null : { bucket, object };
}

function checkTable(input: readonly string[]): void {
  if (input.length > 1) throw invalid("input has a bq:// table beside others: Vertex AI reads one table, or files.");
  if (bigQueryTable.test(input[0] ?? "")) return;
  throw invalid(`The input ${JSON.stringify(input[0])} is no table: it is bq://PROJECT.DATASET.TABLE.`);
}

function checkFile(uri: string): void {
  const parts = typeof uri === "string" ? partsOfGsUri(uri) : null;
  if (!parts)
    throw invalid(`The input ${JSON.stringify(uri)} must be gs://BUCKET/FILE, or bq://PROJECT.DATASET.TABLE.`);
  if (parts.object !== "" && !parts.object.endsWith("/")) return;
  throw invalid(
    `The input ${uri} is a directory, and Vertex AI reads files: write ${uri.replace(/\/*$/, "")}/* for those in it.`,
  );
}

/** Lines of CSV may be JSON by chance: they are not read as that where the files are called what they are. */
function formatOf(input: readonly string[]): BatchInputFormat {
  if (input[0]?.startsWith("bq://")) return "bigquery";
  return input.every((uri) => /\.csv$/i.test(uri)) ? "csv" : "jsonl";
}

function checkedFormat(format: string, isTable: boolean): BatchInputFormat {
  const allowed = isTable ? ["bigquery"] : fileFormats;
  if (allowed.includes(format)) return format as BatchInputFormat;
  const what = isTable ? "a BigQuery table" : "files";
  throw invalid(
    `inputFormat ${JSON.stringify(format)} is not possible: that of ${what} is one of ${allowed.join(", ")}.`,
  );
}

function checkedOutput(output: string): string {
  if (typeof output === "string" && (partsOfGsUri(output) || bigQueryPlace.test(output)))
    return output.replace(/\/+$/, "");
  throw invalid(
    `The output ${JSON.stringify(output)} must be gs://BUCKET/DIRECTORY, or bq://PROJECT, bq://PROJECT.DATASET or bq://PROJECT.DATASET.TABLE.`,
  );
}

function invalid(message: string): DeploymentError {
  return new DeploymentError("INVALID_PARAMETER_VALUE", message);
}
