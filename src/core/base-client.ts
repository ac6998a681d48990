import type { BatchPrediction } from "./batch.js";
import type { Capability } from "./capabilities.js";
import type { CreatedDeployment, Deployment, UpdatedDeployment } from "./deployment.js";
import type { Diagnosis } from "./diagnosis.js";
import { DeploymentError } from "./errors.js";
import type { Explanations } from "./explanations.js";
import type { Operation } from "./operation.js";
import type {
  CallOptions,
  CreateDeploymentOptions,
  CreateEndpointOptions,
  DeleteDeploymentOptions,
  DeleteEndpointOptions,
  ExplainOptions,
  GetDeploymentOptions,
  GetEndpointOptions,
  GetLogsOptions,
  ListDeploymentsOptions,
  LongCallOptions,
  PlanDeploymentOptions,
  PredictBatchOptions,
  PredictOptions,
  PruneOptions,
  UpdateDeploymentOptions,
  UpdateEndpointOptions,
} from "./options.js";
import type { DeploymentPlan } from "./plan.js";
import type { PredictionsResponse } from "./predictions-response.js";
import type { PruneItem } from "./prune.js";
import type { ServingEndpoint } from "./serving-endpoint.js";

/**
 * MLflow's deployment interface (`mlflow.deployments.BaseDeploymentClient`): what a target does with models.
 *
 * A target extends this class. The abstract methods are those that every target has; a method that it does not override
 * rejects with `NOT_IMPLEMENTED`, and {@link capabilities} says which ones it has. Every method rejects with a
 * {@link DeploymentError} and nothing else. The conformance suite of `mlflow-deployments/testing` checks what is said here.
 */
export abstract class BaseDeploymentClient<Config extends object = Record<string, unknown>> {
  /** @param targetUri - The URI that `getDeployClient` was called with, such as `aiplatform:/acme/europe-west1`. */
  constructor(readonly targetUri: string) {}

  /**
   * Which of the methods beyond the abstract ones this target has. Default: none.
   *
   * @param _options - `config` where the answer depends on settings, such as `platform`.
   */
  async capabilities(_options?: CallOptions<Config>): Promise<readonly Capability[]> {
    return [];
  }

  /**
   * Deploys a model, and blocks until it answers predictions. The result has the deployment's `name`, and the `flavor`
   * that was asked for, null when none was.
   *
   * It is safe to run again: the same deployment, finished, is returned unchanged (`changed: false`); unfinished, it is
   * continued. A deployment of the name with another model or other settings stays as it is.
   *
   * @throws DeploymentError `RESOURCE_ALREADY_EXISTS` when another deployment has the name; `INVALID_PARAMETER_VALUE` for a
   * flavor that the model lacks; `RESOURCE_DOES_NOT_EXIST` when there is no such model.
   */
  abstract createDeployment(options?: CreateDeploymentOptions<Config>): Promise<CreatedDeployment>;

  /**
   * Changes a deployment: its model, its settings, or both, and blocks until the change is served. What is not named stays
   * as it is. While it changes, predictions are answered by the old or by the new; after a failure the old goes on.
   *
   * The same update run again changes nothing (`changed: false`).
   *
   * @throws DeploymentError `RESOURCE_DOES_NOT_EXIST` when there is none of that name; `INVALID_PARAMETER_VALUE` for a
   * `flavor` without a `modelUri`.
   */
  abstract updateDeployment(options: UpdateDeploymentOptions<Config>): Promise<UpdatedDeployment>;

  /**
   * Deletes a deployment, and blocks until it is gone: it is no longer listed, and `getDeployment` rejects. Its name is free
   * again. Deleting one that does not exist does nothing.
   */
  abstract deleteDeployment(options: DeleteDeploymentOptions<Config>): Promise<void>;

  /** All deployments, sorted by name; those of one endpoint where `endpoint` names it. */
  abstract listDeployments(options?: ListDeploymentsOptions<Config>): Promise<Deployment[]>;

  /**
   * One deployment, with its `name`.
   *
   * @throws DeploymentError `RESOURCE_DOES_NOT_EXIST` when there is none of that name.
   */
  abstract getDeployment(options: GetDeploymentOptions<Config>): Promise<Deployment>;

  /**
   * Sends rows to a deployment or an endpoint, and gives their predictions, one for each row, in the same order.
   *
   * @throws DeploymentError `INVALID_PARAMETER_VALUE` unless exactly one of `deploymentName` and `endpoint` is given, and
   * for inputs that are no rows or that the model refuses; `RESOURCE_DOES_NOT_EXIST` when there is no such deployment or
   * endpoint.
   */
  abstract predict(options: PredictOptions<Config>): Promise<PredictionsResponse>;

  /**
   * As {@link predict}, giving each part of the answer as soon as the model has made it (`predict_stream` of a model).
   * A consumer that stops early ends the request.
   */
  predictStream(_options: PredictOptions<Config>): AsyncIterable<unknown> {
    const refusal = unsupported(this.targetUri, "Streaming predictions are");
    return {
      [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(refusal) }),
    };
  }

  /** Explains predictions: for each row, how much each feature has contributed to its prediction. */
  async explain(_options: ExplainOptions<Config>): Promise<Explanations> {
    throw new DeploymentError(
      "NOT_IMPLEMENTED",
      `Computing model explanations is not yet supported for this deployment target (${this.targetUri}).`,
    );
  }

  /**
   * Predicts the rows of files or of a table on machines of their own, writes the predictions to `output`, and blocks until
   * that is done. What serves is not touched.
   *
   * It is safe to run again: while the same job runs, by model, input, output and settings, it is waited for, and no second
   * one is started. One that is over is run anew, since the files may have changed. Rows that fail do not fail the call:
   * the result counts them, and a warning is reported.
   *
   * @throws DeploymentError `INVALID_PARAMETER_VALUE` unless exactly one of `deploymentName` and `endpoint` is given, and
   * for an input or output of no known form; `RESOURCE_DOES_NOT_EXIST` when there is no such deployment, endpoint or input;
   * `FAILED_PRECONDITION` when the whole job fails; `CANCELLED` when it is cancelled.
   */
  async predictBatch(_options: PredictBatchOptions<Config>): Promise<BatchPrediction> {
    throw unsupported(this.targetUri, "Batch predictions are");
  }

  /**
   * Makes an endpoint on which several deployments can share the traffic. The result has its `name`.
   *
   * @throws DeploymentError `RESOURCE_ALREADY_EXISTS` when another endpoint has the name.
   */
  async createEndpoint(_options: CreateEndpointOptions<Config>): Promise<ServingEndpoint> {
    throw noEndpoints(this.targetUri);
  }

  /**
   * Changes an endpoint: its traffic split, or what else the target's help lists. What is not named stays as it is.
   *
   * @throws DeploymentError `RESOURCE_DOES_NOT_EXIST` when there is no such endpoint.
   */
  async updateEndpoint(_options: UpdateEndpointOptions<Config>): Promise<ServingEndpoint> {
    throw noEndpoints(this.targetUri);
  }

  /**
   * Deletes an endpoint. Deleting one that does not exist does nothing.
   *
   * @throws DeploymentError `FAILED_PRECONDITION` while deployments are on it.
   */
  async deleteEndpoint(_options: DeleteEndpointOptions<Config>): Promise<void> {
    throw noEndpoints(this.targetUri);
  }

  /** All endpoints that `createEndpoint` has made, sorted by name. */
  async listEndpoints(_options?: CallOptions<Config>): Promise<ServingEndpoint[]> {
    throw noEndpoints(this.targetUri);
  }

  /**
   * One endpoint, with its `name`.
   *
   * @throws DeploymentError `RESOURCE_DOES_NOT_EXIST` when there is none of that name.
   */
  async getEndpoint(_options: GetEndpointOptions<Config>): Promise<ServingEndpoint> {
    throw noEndpoints(this.targetUri);
  }

  /**
   * The last lines that a deployment's containers or processes wrote, oldest first.
   *
   * @throws DeploymentError `RESOURCE_DOES_NOT_EXIST` when there is no deployment of that name.
   */
  async getLogs(_options: GetLogsOptions<Config>): Promise<string[]> {
    throw unsupported(this.targetUri, "Logs are");
  }

  /**
   * What `createDeployment` or `updateDeployment` with the same options would do. Nothing is done.
   *
   * A deployment of the name that is there already is planned as an update.
   */
  async planDeployment(_options?: PlanDeploymentOptions<Config>): Promise<DeploymentPlan> {
    throw unsupported(this.targetUri, "Plans are");
  }

  /** What no deployment needs any more, and {@link prune} would delete. Nothing is done. */
  async planPrune(_options?: PruneOptions<Config>): Promise<PruneItem[]> {
    throw unsupported(this.targetUri, "Pruning is");
  }

  /**
   * Deletes what {@link planPrune} has given, but for what a deployment has come to need since, and gives what it deleted.
   */
  async prune(_items: readonly PruneItem[], _options?: PruneOptions<Config>): Promise<PruneItem[]> {
    throw unsupported(this.targetUri, "Pruning is");
  }

  /** Looks at all that a deployment needs (credentials, permissions, services), and says of each what to do. */
  async diagnose(_options?: CallOptions<Config>): Promise<Diagnosis[]> {
    throw unsupported(this.targetUri, "A diagnosis is");
  }

  /**
   * The call that went on in the background as `config.sync: false` made it, by its name, from any process. That of a batch
   * prediction gives a `BatchPrediction`, of a deletion null, of others the deployment.
   *
   * @param name - Of the operation that the call has given.
   */
  operation(name: string, _options?: LongCallOptions<Config>): Operation<Deployment | BatchPrediction | null> {
    const refusal = unsupported(this.targetUri, "Calls in the background are");
    const reject = () => Promise.reject(refusal);
    return { name, wait: reject, cancel: reject };
  }
}

// Not private methods, which would set apart the types of two installed copies of this package.

function noEndpoints(targetUri: string): DeploymentError {
  return new DeploymentError(
    "NOT_IMPLEMENTED",
    `Method is unimplemented in base client. Implementation should be provided by specific target plugins, and the target ${targetUri} has no endpoint methods.`,
  );
}

function unsupported(targetUri: string, what: string): DeploymentError {
  return new DeploymentError(
    "NOT_IMPLEMENTED",
    `${what} not supported by the deployment target ${targetUri}. The client's capabilities() lists what it has.`,
  );
}
