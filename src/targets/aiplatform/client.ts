import type { BatchPrediction } from "../../core/batch.js";
import { BaseDeploymentClient } from "../../core/base-client.js";
import type { Capability } from "../../core/capabilities.js";
import type { CreatedDeployment, Deployment, UpdatedDeployment } from "../../core/deployment.js";
import type { Diagnosis } from "../../core/diagnosis.js";
import { DeploymentError } from "../../core/errors.js";
import type { Explanations } from "../../core/explanations.js";
import type { ModelType } from "../../core/model-type.js";
import type { Operation, WaitOptions } from "../../core/operation.js";
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
} from "../../core/options.js";
import type { DeploymentPlan } from "../../core/plan.js";
import { predictionTarget } from "../../core/prediction-request.js";
import { PredictionsResponse } from "../../core/predictions-response.js";
import type { PruneItem } from "../../core/prune.js";
import type { ServingEndpoint } from "../../core/serving-endpoint.js";
import type { TargetUri } from "../../core/target-uri.js";
import type { MlflowOptions } from "../../mlflow/credentials.js";
import type { Call } from "./call.js";
import { Calls, isInBackground, maybeInBackground } from "./calls.js";
import { checkedName, createRequest } from "./arguments.js";
import type { AiPlatformConfig } from "./config/index.js";
import type * as predictions from "./predict.js";
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
  /** How MLflow is reached, as far as no setting can say it, such as a function that gives a token. */
  mlflow?: MlflowOptions | undefined;
}

type Config = AiPlatformConfig;
/** A call that returns at once with an operation. */
type InBackground<Options> = Options & { config: { sync: false } };

/**
 * Deploys MLflow models to Vertex AI: resolve the model, pack the bundle, upload, build the image, then model, version,
 * endpoint and traffic. Each step is a service that `options.services` can replace.
 */
export class AiPlatformClient extends BaseDeploymentClient<Config> {
  readonly #calls: Calls;
  #predictions: typeof predictions | undefined;

  constructor(target: TargetUri, options: AiPlatformClientOptions = {}) {
    super(target.uri);
    this.#calls = new Calls(target, options);
  }

  override capabilities(options: CallOptions<Config> = {}): Promise<readonly Capability[]> {
    return this.#calls.run("capabilities", options, async ({ settings }) => {
      const { capabilitiesOf } = await import("./capabilities.js");
      return capabilitiesOf(settings.platform);
    });
  }

  /**
   * Deploys a model to an endpoint of its own or to the one that `endpoint` names, and waits until it answers.
   *
   * Run again it returns what is finished (`changed: false`) and goes on with what is not.
   *
   * @param options - All may be left out where settings say it: `name` (default: the setting `modelName`) and
   * `modelUri` (default: the run of the setting `runId`). With `config.sync: false` it returns at once with an operation.
   * @throws DeploymentError `RESOURCE_ALREADY_EXISTS` for another deployment of the name, which says what differs;
   * `RESOURCE_CONFLICT` while another process works on it; `INVALID_PARAMETER_VALUE` for settings, which says what is
   * allowed; `FAILED_PRECONDITION` with the last lines of the log when image or container fail.
   */
  override createDeployment(
    options: InBackground<CreateDeploymentOptions<Config>>,
  ): Promise<Operation<CreatedDeployment>>;
  override createDeployment(options?: CreateDeploymentOptions<Config>): Promise<CreatedDeployment>;
  override createDeployment(
    options: CreateDeploymentOptions<Config> = {},
  ): Promise<CreatedDeployment | Operation<CreatedDeployment>> {
    return this.#calls.run("createDeployment", options, async (call) => {
      const { createDeployment } = await import("./deploy/create-deployment.js");
      const request = createRequest(options, call);
      return maybeInBackground(options, request.name, call, (held) => createDeployment(request, held));
    });
  }

  /**
   * Changes a deployment. A new model, or a setting that takes another deployed model, is deployed beside what serves;
   * the traffic moves when it is healthy, and then the old one is undeployed. What can change in place does.
   *
   * @param options - With `config.sync: false` it returns at once with an operation.
   * @throws DeploymentError `RESOURCE_DOES_NOT_EXIST`; `RESOURCE_CONFLICT` while another process works on it;
   * `INVALID_PARAMETER_VALUE` for settings that no update can change, such as `endpointType`; `FAILED_PRECONDITION` with the
   * last lines of the log when the new one never gets healthy, after which the old one goes on.
   */
  override updateDeployment(
    options: InBackground<UpdateDeploymentOptions<Config>>,
  ): Promise<Operation<UpdatedDeployment>>;
  override updateDeployment(options: UpdateDeploymentOptions<Config>): Promise<UpdatedDeployment>;
  override updateDeployment(
    options: UpdateDeploymentOptions<Config>,
  ): Promise<UpdatedDeployment | Operation<UpdatedDeployment>> {
    const work = async (call: Call) => {
      const { updateDeployment } = await import("./update/update-deployment.js");
      const name = checkedName(options.name);
      return maybeInBackground(options, name, call, (held) => updateDeployment({ ...options, name }, held));
    };
    return this.#calls.run("updateDeployment", options, work, "each");
  }

  /**
   * Undeploys the model, and deletes the endpoint where the deployment owns it; on one that it shares, its traffic goes to
   * the others in proportion. The registry version stays, unless `config.deleteModel`. Deleting what does not exist does
   * nothing.
   *
   * @param options - With `config.sync: false` it returns at once with an operation.
   */
  override deleteDeployment(options: InBackground<DeleteDeploymentOptions<Config>>): Promise<Operation<void>>;
  override deleteDeployment(options: DeleteDeploymentOptions<Config>): Promise<void>;
  override deleteDeployment(options: DeleteDeploymentOptions<Config>): Promise<void | Operation<void>> {
    return this.#calls.run("deleteDeployment", options, async (call) => {
      const { deleteDeployment } = await import("./delete-deployment.js");
      const name = checkedName(options.name);
      return maybeInBackground(options, name, call, (held) => deleteDeployment({ ...options, name }, held));
    });
  }

  override listDeployments(options: ListDeploymentsOptions<Config> = {}): Promise<Deployment[]> {
    return this.#calls.run("listDeployments", options, async (call) => {
      const { listDeployments } = await import("./read-deployments.js");
      return listDeployments(options.endpoint, call);
    });
  }

  override getDeployment(options: GetDeploymentOptions<Config>): Promise<Deployment> {
    return this.#calls.run("getDeployment", options, async (call) => {
      const { getDeployment } = await import("./read-deployments.js");
      return getDeployment(checkedName(options.name), options.endpoint, call);
    });
  }

  /**
   * The predictions of a deployment or an endpoint, one for each row, in the same order.
   *
   * @typeParam Model - The model's types, as the command `types` writes them: `client.predict<typeof iris>({ … })`.
   */
  override predict<Model extends ModelType = ModelType>(
    options: PredictOptions<Config, Model>,
  ): Promise<PredictionsResponse<Model["output"]>> {
    const work = async (call: Call) => {
      const { predict } = (this.#predictions ??= await import("./predict.js"));
      return new PredictionsResponse<Model["output"]>(await predict(predictionTarget(options), options, call));
    };
    return this.#calls.run("predict", options, work, "known");
  }

  /**
   * Predictions as the model makes them, through `streamRawPredict`. Vertex AI streams those of dedicated endpoints only.
   *
   * @throws DeploymentError `FAILED_PRECONDITION` on a shared endpoint.
   */
  override async *predictStream<Model extends ModelType = ModelType>(
    options: PredictOptions<Config, Model>,
  ): AsyncGenerator<unknown, void, undefined> {
    const parts = await this.#calls.run("predictStream", options, async (call) => {
      const { predictStream } = await import("./predict.js");
      return predictStream(predictionTarget(options), options, call);
    });
    try {
      yield* parts;
    } catch (error) {
      throw DeploymentError.from(error, "predictStream");
    }
  }

  /**
   * Predictions with what each feature has contributed, of a deployment with `explanationParameters`. Google ends it on
   * 2027-03-16, and a warning says so.
   *
   * @throws DeploymentError `FAILED_PRECONDITION` on a dedicated endpoint, and without `explanationParameters`.
   */
  override explain(options: ExplainOptions<Config>): Promise<Explanations> {
    return this.#calls.run("explain", options, async (call) => {
      const { explain } = await import("./predict.js");
      return explain(predictionTarget(options), options, call);
    });
  }

  /**
   * Predicts the rows of files or of a BigQuery table by a batch prediction job of Vertex AI, with the registry version that
   * the deployment serves, on machines like its own. Settings of the call that it takes: `machineType`, `acceleratorType`,
   * `acceleratorCount`, `minReplicaCount` (at the start), `maxReplicaCount`, `serviceAccount`, `labels`, `batchSize`,
   * `batchKeyField`, `batchInstanceType`.
   *
   * The job is Vertex AI's own, and goes on when the call is stopped.
   *
   * @param options - With `config.sync: false` it returns, once the job runs, with an operation that has the job's name.
   * @throws DeploymentError `FAILED_PRECONDITION` with the platform's words and the last lines of the log when the job fails.
   */
  override predictBatch(options: InBackground<PredictBatchOptions<Config>>): Promise<Operation<BatchPrediction>>;
  override predictBatch(options: PredictBatchOptions<Config>): Promise<BatchPrediction>;
  override predictBatch(options: PredictBatchOptions<Config>): Promise<BatchPrediction | Operation<BatchPrediction>> {
    return this.#calls.run(
      "predictBatch",
      options,
      async (call): Promise<BatchPrediction | Operation<BatchPrediction>> => {
        const { beginBatch, predictBatch } = await import("./batch/predict-batch.js");
        return isInBackground(options, call) ? beginBatch(options, call) : predictBatch(options, call);
      },
    );
  }

  /**
   * Makes an endpoint that deployments share. Made again with the same settings, it is returned.
   *
   * @param options - `config`: `endpointType`, `network`, `encryptionSpecKeyName`, `endpointDescription`,
   * `inferenceTimeout`, `labels`.
   */
  override createEndpoint(options: CreateEndpointOptions<Config>): Promise<ServingEndpoint> {
    return this.#calls.run("createEndpoint", options, async (call) => {
      const { createEndpoint } = await import("./endpoints.js");
      return createEndpoint(checkedName(options.name), call);
    });
  }

  /** Changes an endpoint. @param options - `config`: `trafficSplit`, `endpointDescription`, `inferenceTimeout`, `labels`. */
  override updateEndpoint(options: UpdateEndpointOptions<Config>): Promise<ServingEndpoint> {
    const work = async (call: Call) => {
      const { updateEndpoint } = await import("./endpoints.js");
      return updateEndpoint(options.endpoint, call);
    };
    return this.#calls.run("updateEndpoint", options, work, "each");
  }

  override deleteEndpoint(options: DeleteEndpointOptions<Config>): Promise<void> {
    return this.#calls.run("deleteEndpoint", options, async (call) => {
      const { deleteEndpoint } = await import("./endpoints.js");
      return deleteEndpoint(options.endpoint, call);
    });
  }

  override listEndpoints(options: CallOptions<Config> = {}): Promise<ServingEndpoint[]> {
    return this.#calls.run("listEndpoints", options, async (call) => {
      const { listEndpoints } = await import("./endpoints.js");
      return listEndpoints(call);
    });
  }

  override getEndpoint(options: GetEndpointOptions<Config>): Promise<ServingEndpoint> {
    return this.#calls.run("getEndpoint", options, async (call) => {
      const { getEndpoint } = await import("./endpoints.js");
      return getEndpoint(options.endpoint, call);
    });
  }

  override getLogs(options: GetLogsOptions<Config>): Promise<string[]> {
    return this.#calls.run("getLogs", options, async (call) => {
      const { getLogs } = await import("./logs.js");
      return getLogs(checkedName(options.name), options.lines, call);
    });
  }

  override planDeployment(options: PlanDeploymentOptions<Config> = {}): Promise<DeploymentPlan> {
    const work = async (call: Call) => {
      const { planDeployment } = await import("./plan/plan-deployment.js");
      return planDeployment(options, call);
    };
    return this.#calls.run("planDeployment", options, work, "each");
  }

  /**
   * Registry versions that are deployed nowhere, images and bundles of environments, and model files that no deployment has,
   * of those that this package made.
   */
  override planPrune(options: PruneOptions<Config> = {}): Promise<PruneItem[]> {
    return this.#calls.run("planPrune", options, async (call) => {
      const { planPrune } = await import("./prune/plan-prune.js");
      return planPrune(options, call);
    });
  }

  override prune(items: readonly PruneItem[], options: PruneOptions<Config> = {}): Promise<PruneItem[]> {
    return this.#calls.run("prune", options, async (call) => {
      const { prune } = await import("./prune/prune.js");
      return prune(items, options, call);
    });
  }

  /** Also where settings are wrong, or no project is known: that is what it finds. */
  override async diagnose({ config, signal }: CallOptions<Config> = {}): Promise<Diagnosis[]> {
    try {
      const { diagnose } = await import("./diagnose/diagnose.js");
      return await diagnose(this.#calls.settingSources(config), this.#calls.mlflow, signal);
    } catch (error) {
      throw DeploymentError.from(error, "diagnose");
    }
  }

  /** The operation of a call, or the batch prediction job of that name. */
  override operation(name: `deployments/${string}`, options?: LongCallOptions<Config>): Operation<Deployment | null>;
  override operation(name: `projects/${string}`, options?: LongCallOptions<Config>): Operation<BatchPrediction>;
  override operation(name: string, options?: LongCallOptions<Config>): Operation<Deployment | BatchPrediction | null>;
  override operation(
    name: string,
    options: LongCallOptions<Config> = {},
  ): Operation<Deployment | BatchPrediction | null> {
    const run = <T>(
      waiting: WaitOptions,
      use: (operation: Operation<Deployment | BatchPrediction | null>) => Promise<T>,
    ) =>
      this.#calls.run("operation", { ...options, ...waiting }, async (call) => {
        const { attach } = await import("./attach.js");
        return use(attach(name, call));
      });
    return {
      name,
      wait: (waiting = {}) => run(waiting, (operation) => operation.wait(waiting)),
      cancel: () => run({}, (operation) => operation.cancel()),
    };
  }
}
