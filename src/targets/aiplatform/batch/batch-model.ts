import type { DeployedModel } from "../../../core/deployment.js";
import { DeploymentError } from "../../../core/errors.js";
import type { PredictionTarget } from "../../../core/prediction-request.js";
import type { Endpoint } from "../../../core/services.js";
import type { Call } from "../call.js";
import { endpointOfDeployment } from "../deployment-endpoint.js";
import { findEndpoint, noEndpoint } from "../endpoint-lookup.js";

/** What predicts a batch: the version that a deployed model has, on machines like its own. */
export interface BatchModel {
  deployed: DeployedModel;
  endpoint: Endpoint;
}

/**
 * The deployed model whose version is to predict. A deployment's own, whatever its share of the traffic; while it is updated,
 * the one that serves more.
 *
 * @throws DeploymentError `RESOURCE_DOES_NOT_EXIST`; `FAILED_PRECONDITION` where nothing is deployed, or an endpoint's traffic
 * goes to several.
 */
export async function batchModel(target: PredictionTarget, call: Call): Promise<BatchModel> {
  return "deploymentName" in target ? ofDeployment(target.deploymentName, call) : ofEndpoint(target.endpoint, call);
}

async function ofDeployment(name: string, call: Call): Promise<BatchModel> {
  const endpoint = await endpointOfDeployment(name, call);
  const own = endpoint.deployedModels.filter((model) => model.displayName === name);
  const [deployed] = own.toSorted((a, b) => b.trafficPercent - a.trafficPercent);
  if (deployed) return { deployed, endpoint };
  throw new DeploymentError(
    "FAILED_PRECONDITION",
    `The deployment "${name}" has no model yet. Run its createDeployment again to go on with it.`,
  );
}

async function ofEndpoint(name: string, call: Call): Promise<BatchModel> {
  const endpoint = await findEndpoint(name, call);
  if (!endpoint) throw noEndpoint(name);
  const serving = endpoint.deployedModels.filter((model) => model.trafficPercent > 0);
  const [deployed] = serving;
  if (deployed && serving.length === 1) return { deployed, endpoint };
  const names = serving.map((model) => `"${model.displayName}"`).join(", ");
  throw new DeploymentError(
    "FAILED_PRECONDITION",
    deployed
      ? `The traffic of the endpoint "${name}" goes to ${names}, and a batch prediction has one model. Name one of them by deploymentName.`
      : `No model on the endpoint "${name}" has traffic. Name a deployment by deploymentName.`,
  );
}
