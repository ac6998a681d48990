/** `endpoints.explain` with Sampled Shapley: the model is asked about mixtures of the instance and its baselines. */
import { failedPrecondition } from "../../google-error.js";
import type { EmulatorRequest, EmulatorResponse } from "../../http.js";
import type { EndpointRecord } from "../endpoints/endpoint-record.js";
import { explainRequest } from "../messages/explanation.js";
import type { JsonObject } from "../../proto/parse.js";
import { checkSize, limitsOf, type PredictionLimits } from "../predict/limits.js";
import {
  byId,
  byTraffic,
  type Choice,
  type PickedServer,
  pickServer,
  type PredictionDependencies,
} from "../predict/model-server-request.js";
import { answeredPredictions, predictionFailed, readInstances } from "../predict/prediction-body.js";
import { type ExplanationSpec, overriddenSpec } from "./explanation-spec.js";
import { baselineCount, ExplainedInstance } from "./features.js";
import { explainedIndices, type ExplainedOutput, outputNames, outputOf } from "./outputs.js";
import { mean, sampledShapley, type ShapleyValue } from "./sampled-shapley.js";

/** How many instances a model's server is asked about at once. */
const batchSize = 256;

/** Predicts instances, however many they are. */
type Predict = (instances: readonly unknown[]) => Promise<unknown[]>;

/**
 * @param choose Which model explains, where the request names none.
 * @throws GoogleError FAILED_PRECONDITION for a model without explanations, or whose server fails.
 */
export async function explain(
  deps: PredictionDependencies,
  endpoint: EndpointRecord,
  request: EmulatorRequest,
  choose: Choice = byTraffic,
): Promise<EmulatorResponse> {
  const limits = limitsOf(endpoint);
  const body = await request.body();
  checkSize("request", body.length, limits);
  const read = readInstances(explainRequest, body);
  const wanted = read["deployedModelId"] as string | undefined;
  const picked = await pickServer(
    deps,
    endpoint.name,
    explainable(wanted === undefined ? choose : byId(wanted), wanted === undefined),
    request.signal,
  );
  try {
    const override = read["explanationSpecOverride"] as ExplanationSpec | undefined;
    const spec = overriddenSpec(picked.deployed.explanationSpec!, override);
    const predict = predictBatches(picked, read["parameters"], limits);
    const instances = read["instances"] as unknown[];
    const predictions = await predict(instances);
    const explanations = [];
    for (const [index, instance] of instances.entries()) {
      explanations.push({ attributions: await attribute(spec, instance, predictions[index], predict) });
    }
    const json = { explanations, deployedModelId: picked.deployed.id, predictions };
    checkSize("response", Buffer.byteLength(JSON.stringify(json)), limits);
    return { json };
  } finally {
    picked.done();
  }
}

/** Without a model of its own, a request could go to any: "all DeployedModels must have explanation_spec populated". */
function explainable(choose: Choice, isAny: boolean): Choice {
  return (endpoint) => {
    const deployed = choose(endpoint);
    const without = (isAny ? endpoint.deployedModels : [deployed]).find(
      ({ explanationSpec, disableExplanations }) => !explanationSpec || disableExplanations,
    );
    if (!without) return deployed;
    throw failedPrecondition(`Deployed model ${without.id} does not support explanation.`);
  };
}

function predictBatches(picked: PickedServer, parameters: unknown, limits: PredictionLimits): Predict {
  return async (instances) => {
    const predictions: unknown[] = [];
    for (let start = 0; start < instances.length; start += batchSize) {
      const batch = instances.slice(start, start + batchSize);
      const body = JSON.stringify({ instances: batch, ...(parameters !== undefined && { parameters }) });
      const response = await picked.predict({ body, contentType: "application/json" });
      const answered = (await answeredPredictions(response, limits))["predictions"] as unknown[] | undefined;
      if (answered?.length !== batch.length) {
        throw predictionFailed(`${answered?.length ?? 0} predictions for ${batch.length} instances.`);
      }
      predictions.push(...answered);
    }
    return predictions;
  };
}

/** `Explanation.attributions` of one instance, averaged over its baselines. */
async function attribute(
  spec: ExplanationSpec,
  instance: unknown,
  prediction: unknown,
  predict: Predict,
): Promise<JsonObject[]> {
  const inputs = spec.metadata?.inputs ?? {};
  const [outputName, metadata] = Object.entries(spec.metadata?.outputs ?? {})[0]!;
  const output = outputOf(prediction, outputName);
  const indices = explainedIndices(output, spec);
  const paths = spec.parameters?.sampledShapleyAttribution?.pathCount ?? 1;
  const games: { explained: ExplainedInstance; values: ShapleyValue[] }[] = [];
  for (let baseline = 0; baseline < baselineCount(inputs); baseline++) {
    const explained = new ExplainedInstance(instance, inputs, baseline);
    const values = await sampledShapley(explained.players, paths, async (coalitions) => {
      const answered = await predict(coalitions.map((each) => explained.with(each)));
      return answered.map((each) => valuesAt(indices, outputOf(each, outputName), output));
    });
    games.push({ explained, values });
  }
  return indices.map((index, position) => {
    const values = games.map((game) => game.values[position]!);
    const errors = values.flatMap(({ error }) => (error === undefined ? [] : [error]));
    const attributions = values[0]!.attributions.map((_, player) =>
      mean(values.map((each) => each.attributions[player]!)),
    );
    return {
      ...unlessZero("baselineOutputValue", mean(values.map(({ none }) => none))),
      ...unlessZero("instanceOutputValue", output.numbers[index]!),
      featureAttributions: games[0]!.explained.attributions(attributions),
      ...outputNames(output, index, prediction, metadata),
      ...(errors.length > 0 && unlessZero("approximationError", mean(errors))),
      outputName,
    };
  });
}

/** The outputs that are explained, of a prediction that must have the form of the instance's own. */
function valuesAt(indices: readonly number[], { numbers }: ExplainedOutput, { numbers: own }: ExplainedOutput) {
  if (numbers.length === own.length) return indices.map((index) => numbers[index]!);
  throw predictionFailed(
    `the model's output has ${own.length} numbers for one instance, ${numbers.length} for another.`,
  );
}

/** proto3's JSON leaves a default out. */
function unlessZero(name: string, number: number): JsonObject {
  return number === 0 ? {} : { [name]: number };
}
