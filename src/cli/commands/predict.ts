import type { InputForm } from "../../core/input-rows.js";
import { type TargetCall, targetCommand } from "../target-command.js";
import {
  configOption,
  contentTypeOption,
  inputPathOption,
  jsonFormatOption,
  outputPathOption,
  targetOption,
} from "../target-options.js";
import { UsageError } from "../usage-error.js";

interface PredictValues {
  name?: string;
  endpoint?: string;
  inputPath: string;
  outputPath?: string;
  contentType?: "json" | "csv";
  jsonFormat?: InputForm;
  stream?: boolean;
}

const exactlyOne = "exactly one of --name and --endpoint must be given";
const options = [
  { flags: "--name <name>", description: `name of the deployment; ${exactlyOne}` },
  { flags: "--endpoint <name>", description: `name of the endpoint; ${exactlyOne}` },
  targetOption,
  inputPathOption,
  outputPathOption,
  contentTypeOption,
  jsonFormatOption,
  configOption,
];
const details = `The input is JSON: an array of rows, {"dataframe_split": …},
{"dataframe_records": …}, {"instances": …}, {"inputs": …}, columns by their
names, or what pandas' to_json writes; "params" beside them are the model's
inference parameters. Or it is CSV with a line of headings, whose cells are read
by the model's signature. The rows are checked against that before they are
sent, unless -C checkInputs=false is given.`;

export const predictCommand = targetCommand({
  name: "predict",
  summary: "Get the predictions of a deployment or an endpoint.",
  details,
  options: [
    ...options,
    { flags: "--stream", description: "print each part of the answer, as a line of JSON, as soon as it is there" },
  ],
  run: async (call, values) => {
    const given = values as unknown as PredictValues;
    const request = await readRequest(call, given);
    if (!given.stream) return answered(given, await call.client.predict(request));
    const { writeParts } = await import("../output/result-file.js");
    await writeParts(call.client.predictStream(request), given.outputPath, call.io);
    return undefined;
  },
});

export const explainCommand = targetCommand({
  name: "explain",
  summary: "Explain predictions: what each feature has contributed to each.",
  details,
  options,
  run: async (call, values) => {
    const given = values as unknown as PredictValues;
    return answered(given, await call.client.explain(await readRequest(call, given)));
  },
});

async function readRequest({ options: shared, io }: TargetCall, given: PredictValues) {
  const { name: deploymentName, endpoint } = given;
  if ((deploymentName === undefined) === (endpoint === undefined)) {
    throw new UsageError("Must specify exactly one of --name or --endpoint.");
  }
  const { readInput } = await import("../input/read-input.js");
  return { ...shared, deploymentName, endpoint, ...(await readInput(given, io)) };
}

/** On standard output, or in the file, the same JSON as MLflow's. */
async function answered({ outputPath }: PredictValues, result: object) {
  const { pythonJson } = await import("../output/python-text.js");
  // not the target's own toJSON, in which the digits of a large integer are a text
  const { PredictionsResponse } = await import("../../core/predictions-response.js");
  const json = pythonJson(result instanceof PredictionsResponse ? result.content() : result);
  if (outputPath === undefined) return { result, text: json };
  const { writeResult } = await import("../output/result-file.js");
  await writeResult(outputPath, json);
  return { result };
}
