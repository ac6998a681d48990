import {
  BaseDeploymentClient,
  type CreateDeploymentOptions,
  type DeleteDeploymentOptions,
  type GetDeploymentOptions,
  type ListDeploymentsOptions,
  type LongCallOptions,
  type PredictOptions,
} from "../../core/base-client.js";
import type { CreatedDeployment, Deployment, Predictions } from "../../core/deployment.js";
import { DeploymentError, throwIfCancelled } from "../../core/errors.js";
import { safeProgress } from "../../core/progress.js";
import type { TargetUri } from "../../core/target-uri.js";
import type { Call } from "./call.js";
import type { AiPlatformConfig } from "./config/index.js";
import type { PredictTarget } from "./predict.js";
import type { ServiceCache } from "./service-cache.js";
import type { AiPlatformServices } from "./services.js";

// Here, and not beside the plugin: the package's type declarations lead to this file, and to no plugin.
declare module "../../core/deployment-targets.js" {
  interface DeploymentTargets {
    aiplatform: { client: AiPlatformClient; options: AiPlatformClientOptions };
  }
}

/** What `getDeployClient("aiplatform", …)` takes. */
export interface AiPlatformClientOptions {
  /** Settings for all calls; a call's own `config` goes before them. */
  config?: AiPlatformConfig | undefined;
  /** Services in place of the target's own. */
  services?: Partial<AiPlatformServices> | undefined;
}

/**
 * Deploys MLflow models to Vertex AI: resolve the model, pack the bundle, upload, build the image, then model, version,
 * endpoint and traffic. Each step is a service that `options.services` can replace.
 */
export class AiPlatformClient extends BaseDeploymentClient<AiPlatformConfig> {
  readonly #target: TargetUri;
  readonly #options: AiPlatformClientOptions;
  #cache: ServiceCache | undefined;

  constructor(target: TargetUri, options: AiPlatformClientOptions = {}) {
    super(target.uri);
    this.#target = target;
    this.#options = options;
  }

  /**
   * Deploys a model to an endpoint of its own, and waits until it answers.
   *
   * Run again it returns what is finished (`changed: false`) and goes on with what is not.
   *
   * @param options - All may be left out where settings say it: `name` (default: the setting `modelName`) and
   * `modelUri` (default: the run of the setting `runId`).
   * @throws DeploymentError `RESOURCE_ALREADY_EXISTS` for another deployment of the name, which says what differs;
   * `RESOURCE_CONFLICT` while another process works on it; `INVALID_PARAMETER_VALUE` for settings, which says what is
   * allowed; `FAILED_PRECONDITION` with the last lines of the log when image or container fail.
   */
  override createDeployment(options: CreateDeploymentOptions<AiPlatformConfig> = {}): Promise<CreatedDeployment> {
    return this.#run("createDeployment", options, async (call) => {
      const { createDeployment } = await import("./deploy/create-deployment.js");
      refuseSharedEndpoint(options.endpoint);
      const { settings } = call;
      const name = checkedName(options.name ?? settings.modelName);
      const modelUri = options.modelUri ?? (settings.runId === undefined ? undefined : `runs:/${settings.runId}`);
      if (!modelUri) throw missing("modelUri", "config.runId, or the environment variable run_id or MLFLOW_RUN_ID");
      // what is left to its default is the same deployment as when the default is written out
      const { minReplicaCount, acceleratorType } = settings;
      const complete = {
        ...settings,
        modelName: settings.modelName ?? name,
        maxReplicaCount: settings.maxReplicaCount ?? minReplicaCount,
        acceleratorCount: settings.acceleratorCount ?? (acceleratorType === undefined ? undefined : 1),
      };
      return createDeployment({ name, modelUri, flavor: options.flavor ?? null }, { ...call, settings: complete });
    });
  }

  /**
   * Undeploys the model and deletes the endpoint that the deployment owns; the registry version stays, unless
   * `config.deleteModel`. Deleting what does not exist does nothing.
   */
  override deleteDeployment(options: DeleteDeploymentOptions<AiPlatformConfig>): Promise<void> {
    return this.#run("deleteDeployment", options, async (call) => {
      const { deleteDeployment } = await import("./delete-deployment.js");
      refuseSharedEndpoint(options.endpoint);
      await deleteDeployment(checkedName(options.name), call);
    });
  }

  override listDeployments(options: ListDeploymentsOptions<AiPlatformConfig> = {}): Promise<Deployment[]> {
    return this.#run("listDeployments", options, async (call) => {
      const { listDeployments } = await import("./read-deployments.js");
      return listDeployments(options.endpoint, call);
    });
  }

  override getDeployment(options: GetDeploymentOptions<AiPlatformConfig>): Promise<Deployment> {
    return this.#run("getDeployment", options, async (call) => {
      const { getDeployment } = await import("./read-deployments.js");
      return getDeployment(checkedName(options.name), options.endpoint, call);
    });
  }

  override predict(options: PredictOptions<AiPlatformConfig>): Promise<Predictions> {
    return this.#run("predict", options, async (call) => {
      const { predict } = await import("./predict.js");
      return predict(predictTarget(options), rows(options.inputs), options.params, call);
    });
  }

  /** What all methods share: settings, services, progress, cancellation, and errors of one kind. */
  async #run<T>(
    method: string,
    options: LongCallOptions<AiPlatformConfig>,
    work: (call: Call) => Promise<T>,
  ): Promise<T> {
    try {
      throwIfCancelled(options.signal, method);
      const { loadSettings } = await import("./config/load-settings.js");
      const settings = loadSettings({
        callConfig: options.config,
        clientConfig: this.#options.config,
        target: this.#target,
        env: process.env,
      });
      const context = { report: safeProgress(options.onProgress), signal: options.signal };
      if (!this.#cache) {
        const { ServiceCache } = await import("./service-cache.js");
        this.#cache ??= new ServiceCache(this.#options.services ?? {});
      }
      return await work(await this.#cache.call(settings, context, options.onProgress !== undefined));
    } catch (error) {
      throw DeploymentError.from(error, method);
    }
  }
}

/** Vertex AI's limit for display names, which hold a deployment's name: 128 characters of UTF-8. */
function checkedName(name: string | undefined): string {
  if (name === undefined) throw missing("name", "config.modelName, or the environment variable model_name");
  if (/^\P{Cc}{1,128}$/u.test(name) && name.trim() === name) return name;
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The name ${JSON.stringify(name)} must have 1 to 128 characters, none of them a control character, and no space at either end.`,
  );
}

function predictTarget({ deploymentName, endpoint }: PredictOptions<AiPlatformConfig>): PredictTarget {
  if (deploymentName !== undefined && endpoint === undefined) return { deploymentName };
  if (endpoint !== undefined && deploymentName === undefined) return { endpoint };
  throw new DeploymentError("INVALID_PARAMETER_VALUE", "Must specify exactly one of deploymentName or endpoint.");
}

function rows(inputs: unknown): readonly unknown[] {
  if (Array.isArray(inputs) && inputs.length > 0) return inputs as unknown[];
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    "inputs must be an array with at least one row, such as [[5.1, 3.5, 1.4, 0.2]].",
  );
}

function refuseSharedEndpoint(endpoint: string | undefined): void {
  if (endpoint === undefined) return;
  throw new DeploymentError(
    "NOT_IMPLEMENTED",
    "This target gives each deployment an endpoint of its own: leave endpoint out.",
  );
}

function missing(parameter: string, otherwise: string): DeploymentError {
  return new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The parameter ${parameter} is missing. Pass it, or set ${otherwise}.`,
  );
}
