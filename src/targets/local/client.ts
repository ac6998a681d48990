import { BaseDeploymentClient } from "../../core/base-client.js";
import type { Capability } from "../../core/capabilities.js";
import type { CreatedDeployment, Deployment, UpdatedDeployment } from "../../core/deployment.js";
import type { Diagnosis } from "../../core/diagnosis.js";
import { DeploymentError, throwIfCancelled } from "../../core/errors.js";
import type {
  CallOptions,
  CreateDeploymentOptions,
  DeleteDeploymentOptions,
  GetDeploymentOptions,
  GetLogsOptions,
  ListDeploymentsOptions,
  LongCallOptions,
  PlanDeploymentOptions,
  PredictOptions,
  UpdateDeploymentOptions,
} from "../../core/options.js";
import type { ModelType } from "../../core/model-type.js";
import type { DeploymentPlan } from "../../core/plan.js";
import { predictionTarget } from "../../core/prediction-request.js";
import type { PredictionsResponse } from "../../core/predictions-response.js";
import { safeProgress } from "../../core/progress.js";
import type { BundleBuilder, ModelResolver } from "../../core/services.js";
import type { TargetUri } from "../../core/target-uri.js";
import type { MlflowOptions } from "../../mlflow/credentials.js";
import { checkedMessage, checkedName, missingParameter } from "../arguments.js";
import type { Call } from "./call.js";
import type { LocalConfig } from "./config/index.js";

// Here, and not beside the plugin: the package's type declarations lead to this file, and to no plugin.
declare module "../../core/deployment-targets.js" {
  interface DeploymentTargets {
    local: { client: LocalClient; options: LocalClientOptions };
  }
}

/** What `getDeployClient("local", …)` takes. */
export interface LocalClientOptions {
  /** Settings for all calls; a call's own `config` goes before them. */
  config?: LocalConfig | undefined;
  /** Services in place of the target's own. */
  services?: { modelResolver?: ModelResolver; bundleBuilder?: BundleBuilder } | undefined;
  /** How MLflow is reached, as far as no setting can say it, such as a function that gives a token. */
  mlflow?: MlflowOptions | undefined;
}

type Config = LocalConfig;

const capabilities = ["predictStream", "logs", "plan", "diagnose", "runLocal"] as const satisfies readonly Capability[];

/**
 * Deploys MLflow models to processes of this machine. A deployment goes on when the program that made it has ended, and the
 * next one finds it again: each has a supervisor, a process of its own, which owns its port and runs the Python that serves.
 *
 * It has no endpoints: the option `endpoint` of any method is refused with `NOT_IMPLEMENTED`.
 */
export class LocalClient extends BaseDeploymentClient<Config> {
  readonly #target: TargetUri;
  readonly #options: LocalClientOptions;

  constructor(target: TargetUri, options: LocalClientOptions = {}) {
    super(target.uri);
    this.#target = target;
    this.#options = options;
  }

  override async capabilities(): Promise<readonly Capability[]> {
    return capabilities;
  }

  /**
   * Deploys a model, and waits until it answers on a port of 127.0.0.1. Its files are copied, so that where they came from may go
   * away. Run again after the machine was started anew, it starts the deployment again.
   *
   * @throws DeploymentError `RESOURCE_ALREADY_EXISTS` for another deployment of the name, which says what differs;
   * `FAILED_PRECONDITION` for a port that is taken, and with the last lines of what does not start, after which nothing is left.
   */
  override createDeployment(options: CreateDeploymentOptions<Config> = {}): Promise<CreatedDeployment> {
    return this.#run("createDeployment", options, async (call) => {
      if (options.name === undefined) throw missingParameter("name", null);
      if (!options.modelUri) throw missingParameter("modelUri", null);
      const { createDeployment } = await import("./deploy/create-deployment.js");
      const { name, modelUri, flavor = null } = options;
      return createDeployment(
        { name: checkedName(name), modelUri, flavor, message: checkedMessage(options.message) },
        call,
      );
    });
  }

  /**
   * Starts the new beside the old, moves the port to it once it is healthy, and stops the old when its requests have ended.
   *
   * @throws DeploymentError `RESOURCE_DOES_NOT_EXIST`; `INVALID_PARAMETER_VALUE` for another `port`; `FAILED_PRECONDITION` with the
   * last lines of a new one that does not start, after which the old goes on.
   */
  override updateDeployment(options: UpdateDeploymentOptions<Config>): Promise<UpdatedDeployment> {
    return this.#run("updateDeployment", options, async (call) => {
      const { modelUri = null, flavor = null } = options;
      if (flavor !== null && modelUri === null) {
        throw new DeploymentError(
          "INVALID_PARAMETER_VALUE",
          "A flavor is looked for in a new model: give modelUri with flavor, or leave flavor out.",
        );
      }
      const { updateDeployment } = await import("./deploy/update-deployment.js");
      const message = checkedMessage(options.message);
      return updateDeployment({ name: checkedName(options.name), modelUri, flavor, message }, call);
    });
  }

  override deleteDeployment(options: DeleteDeploymentOptions<Config>): Promise<void> {
    return this.#run("deleteDeployment", options, async (call) => {
      const { deleteDeployment } = await import("./deploy/delete-deployment.js");
      await deleteDeployment(checkedName(options.name), call);
    });
  }

  override listDeployments(options: ListDeploymentsOptions<Config> = {}): Promise<Deployment[]> {
    return this.#run("listDeployments", options, async (call) => {
      const { listDeployments } = await import("./read-deployments.js");
      return listDeployments(call);
    });
  }

  override getDeployment(options: GetDeploymentOptions<Config>): Promise<Deployment> {
    return this.#run("getDeployment", options, async (call) => {
      const { getDeployment } = await import("./read-deployments.js");
      return getDeployment(checkedName(options.name), call);
    });
  }

  /** @throws DeploymentError `FAILED_PRECONDITION` for a deployment whose supervisor has ended, which says how to start it. */
  /**
   * The predictions of a deployment, one for each row, in the same order.
   *
   * @typeParam Model - The model's types, as the command `types` writes them: `client.predict<typeof iris>({ … })`.
   */
  override predict<Model extends ModelType = ModelType>(
    options: PredictOptions<Config, Model>,
  ): Promise<PredictionsResponse<Model["output"]>> {
    return this.#run("predict", options, async (call) => {
      const { predict } = await import("./predict.js");
      return predict(deploymentOf(options), options, call);
    });
  }

  override async *predictStream<Model extends ModelType = ModelType>(
    options: PredictOptions<Config, Model>,
  ): AsyncGenerator<unknown, void, undefined> {
    const parts = await this.#run("predictStream", options, async (call) => {
      const { predictStream } = await import("./predict.js");
      return predictStream(deploymentOf(options), options, call);
    });
    try {
      yield* parts;
    } catch (error) {
      throw DeploymentError.from(error, "predictStream");
    }
  }

  override getLogs(options: GetLogsOptions<Config>): Promise<string[]> {
    return this.#run("getLogs", options, async (call) => {
      const { getLogs } = await import("./read-deployments.js");
      return getLogs(checkedName(options.name), options.lines ?? 100, call);
    });
  }

  override planDeployment(options: PlanDeploymentOptions<Config> = {}): Promise<DeploymentPlan> {
    return this.#run("planDeployment", options, async (call) => {
      if (options.name === undefined) throw missingParameter("name", null);
      const { planDeployment } = await import("./deploy/plan-deployment.js");
      const { modelUri = null, flavor = null } = options;
      return planDeployment({ name: checkedName(options.name), modelUri, flavor }, call);
    });
  }

  override diagnose(options: CallOptions<Config> = {}): Promise<Diagnosis[]> {
    return this.#run("diagnose", options, async (call) => {
      const { diagnose } = await import("./diagnose.js");
      return diagnose(call);
    });
  }

  /** What all methods share: settings, services, progress, cancellation, and errors of one kind. */
  async #run<T>(
    method: string,
    options: LongCallOptions<Config> & { endpoint?: string | undefined },
    work: (call: Call) => Promise<T>,
  ): Promise<T> {
    try {
      throwIfCancelled(options.signal, method);
      if (options.endpoint !== undefined && !("inputs" in options)) throw noEndpoints(this.targetUri);
      const { loadCall } = await import("./load-call.js");
      const context = { report: safeProgress(options.onProgress), signal: options.signal };
      return await work(loadCall(this.#target, this.#options, options.config, context));
    } catch (error) {
      throw DeploymentError.from(error, method);
    }
  }
}

/** Where a prediction goes, which is said in exactly one way. */
function deploymentOf(options: Pick<PredictOptions, "deploymentName" | "endpoint">): string {
  const target = predictionTarget(options);
  if ("endpoint" in target) throw noEndpoints("local");
  return target.deploymentName;
}

function noEndpoints(target: string): DeploymentError {
  return new DeploymentError(
    "NOT_IMPLEMENTED",
    `The target ${target} has no endpoints: each deployment has a port of its own. Leave endpoint out, and use deploymentName to predict.`,
  );
}
