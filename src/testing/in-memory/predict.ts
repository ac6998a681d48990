import { DeploymentError } from "../../core/errors.js";
import type { PredictOptions } from "../../core/options.js";
import { predictionRows, predictionTarget } from "../../core/prediction-request.js";
import { PredictionsResponse } from "../../core/predictions-response.js";
import type { InMemoryConfig, InMemoryOptions } from "./options.js";
import { type MemoryDeployment, type MemoryState, modelName } from "./state.js";

type Model = NonNullable<InMemoryOptions["predict"]>;

/** Sends rows to the deployment that is named, or to the one whose turn it is on the endpoint. */
export async function predict(
  options: PredictOptions<InMemoryConfig>,
  state: MemoryState,
  model: Model,
): Promise<PredictionsResponse> {
  const target = predictionTarget(options);
  const inputs = predictionRows(options);
  const deployment = "endpoint" in target ? turnOn(target.endpoint, state) : soleOf(target.deploymentName, state);
  const { name, version } = deployment;
  const predictions = await answer(model, { deploymentName: name, modelUri: version.modelUri, inputs }, options);
  deployment.log.push(`predict of ${inputs.length} rows`);
  return new PredictionsResponse({
    predictions,
    deployedModelId: deployment.deployedModelId,
    model: modelName(version.model),
    modelVersionId: version.versionId,
    modelDisplayName: name,
  });
}

async function answer(
  model: Model,
  request: Omit<Parameters<Model>[0], "params">,
  { params }: PredictOptions<InMemoryConfig>,
): Promise<unknown[]> {
  let predictions: readonly unknown[];
  try {
    predictions = await model({ ...request, params: params ?? {} });
  } catch (error) {
    if (DeploymentError.is(error)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new DeploymentError("INVALID_PARAMETER_VALUE", `The model refused the inputs: ${reason}`, { cause: error });
  }
  if (predictions.length === request.inputs.length) return [...predictions];
  throw new DeploymentError(
    "INTERNAL_ERROR",
    `The model answered ${request.inputs.length} rows with ${predictions.length} predictions: there must be one for each.`,
  );
}

function turnOn(name: string, state: MemoryState): MemoryDeployment {
  const endpoint = state.endpoint(name);
  const chosen = endpoint.router.next(endpoint.traffic);
  if (chosen !== undefined) return state.deployment(chosen);
  throw new DeploymentError("FAILED_PRECONDITION", `Nothing on the endpoint "${name}" has traffic.`);
}

/** As on a platform, where the endpoint's split and not the caller says who answers. */
function soleOf(name: string, state: MemoryState): MemoryDeployment {
  const deployment = state.deployment(name);
  const share = state.endpoint(deployment.endpoint).traffic[name] ?? 0;
  if (share === 100) return deployment;
  throw new DeploymentError(
    "FAILED_PRECONDITION",
    deployment.state === "incomplete" || deployment.state === "creating"
      ? `The deployment "${name}" serves nothing yet. Run its createDeployment again to go on with it.`
      : `The deployment "${name}" has ${share}% of the traffic of its endpoint, so that others may answer. Use endpoint: "${deployment.endpoint}" in place of deploymentName.`,
  );
}
