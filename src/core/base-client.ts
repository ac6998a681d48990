import type { CreatedDeployment, Deployment, Predictions } from "./deployment.js";
import { DeploymentError } from "./errors.js";
import type { OnProgress } from "./progress.js";

/** What every method takes. */
export interface CallOptions<Config extends object> {
  /** The target's own settings for this call; the target's help lists them. */
  config?: Config | undefined;
  /** Stops the call. What the platform has already begun may go on; the same call again continues with it. */
  signal?: AbortSignal | undefined;
}

/** What long methods take as well. */
export interface LongCallOptions<Config extends object> extends CallOptions<Config> {
  onProgress?: OnProgress | undefined;
}

export interface CreateDeploymentOptions<Config extends object> extends LongCallOptions<Config> {
  /** The deployment's name, unique among those of the target. */
  name?: string | undefined;
  /** `runs:/`, `models:/`, `mlflow-artifacts:/`, `gs://`, `file:` or a path. */
  modelUri?: string | undefined;
  /** A flavor that the model must have. */
  flavor?: string | undefined;
  /** An endpoint to deploy to, in place of one of the deployment's own. */
  endpoint?: string | undefined;
}

export interface UpdateDeploymentOptions<Config extends object> extends LongCallOptions<Config> {
  name: string;
  /** The new model. Default: the model stays, and `config` is what changes. */
  modelUri?: string | undefined;
  /** Needs `modelUri`. */
  flavor?: string | undefined;
  endpoint?: string | undefined;
}

export interface DeleteDeploymentOptions<Config extends object> extends LongCallOptions<Config> {
  name: string;
  endpoint?: string | undefined;
}

export interface GetDeploymentOptions<Config extends object> extends CallOptions<Config> {
  name: string;
  endpoint?: string | undefined;
}

export interface ListDeploymentsOptions<Config extends object> extends CallOptions<Config> {
  /** Only those of this endpoint. */
  endpoint?: string | undefined;
}

export interface PredictOptions<Config extends object> extends CallOptions<Config> {
  /** Either this or `endpoint`. */
  deploymentName?: string | undefined;
  /** Either this or `deploymentName`. */
  endpoint?: string | undefined;
  /** The rows: an array with one array, object or scalar for each. */
  inputs: readonly unknown[];
  /** MLflow's inference parameters, by the model's signature. */
  params?: Record<string, unknown> | undefined;
}

/**
 * MLflow's deployment interface (`mlflow.deployments.BaseDeploymentClient`): what a target does with models.
 *
 * A target extends this class; a method that it does not override rejects with `NOT_IMPLEMENTED`. Every method rejects
 * with a {@link DeploymentError} and nothing else.
 */
export abstract class BaseDeploymentClient<Config extends object = Record<string, unknown>> {
  /** @param targetUri - The URI that `getDeployClient` was called with, such as `aiplatform:/acme/europe-west1`. */
  constructor(readonly targetUri: string) {}

  /**
   * Deploys a model, and blocks until it answers predictions.
   *
   * It is safe to run again: the same deployment, finished, is returned unchanged; unfinished, it is continued.
   *
   * @throws DeploymentError `RESOURCE_ALREADY_EXISTS` when another deployment has the name.
   */
  abstract createDeployment(options?: CreateDeploymentOptions<Config>): Promise<CreatedDeployment>;

  /**
   * Deletes a deployment, and blocks until it is gone. Deleting one that does not exist does nothing.
   */
  abstract deleteDeployment(options: DeleteDeploymentOptions<Config>): Promise<void>;

  /** All deployments, sorted by name. */
  abstract listDeployments(options?: ListDeploymentsOptions<Config>): Promise<Deployment[]>;

  /**
   * One deployment.
   *
   * @throws DeploymentError `RESOURCE_DOES_NOT_EXIST` when there is none of that name.
   */
  abstract getDeployment(options: GetDeploymentOptions<Config>): Promise<Deployment>;

  /** Sends rows to a deployment or an endpoint, and gives their predictions in the same order. */
  abstract predict(options: PredictOptions<Config>): Promise<Predictions>;

  /** Changes a deployment: its model, its settings, or both. */
  updateDeployment(_options: UpdateDeploymentOptions<Config>): Promise<Deployment> {
    return this.notSupported("updateDeployment");
  }

  private notSupported(method: string): Promise<never> {
    return Promise.reject(
      new DeploymentError("NOT_IMPLEMENTED", `The deployment target "${this.targetUri}" does not support ${method}.`),
    );
  }
}
