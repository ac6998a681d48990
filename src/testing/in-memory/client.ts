import { BaseDeploymentClient } from "../../core/base-client.js";
import type { Capability } from "../../core/capabilities.js";
import type { CreatedDeployment, Deployment, UpdatedDeployment } from "../../core/deployment.js";
import type { Diagnosis } from "../../core/diagnosis.js";
import { DeploymentError } from "../../core/errors.js";
import type { Explanations } from "../../core/explanations.js";
import { guard } from "../../core/guard.js";
import type { Operation } from "../../core/operation.js";
import type {
  CallOptions,
  ChangeOptions,
  CreateDeploymentOptions,
  CreateEndpointOptions,
  DeleteDeploymentOptions,
  DeleteEndpointOptions,
  ExplainOptions,
  GetDeploymentOptions,
  GetEndpointOptions,
  GetLogsOptions,
  ListDeploymentsOptions,
  PlanDeploymentOptions,
  PredictOptions,
  PruneOptions,
  UpdateDeploymentOptions,
  UpdateEndpointOptions,
} from "../../core/options.js";
import type { DeploymentPlan } from "../../core/plan.js";
import type { PredictionsResponse } from "../../core/predictions-response.js";
import type { PruneItem } from "../../core/prune.js";
import type { ServingEndpoint } from "../../core/serving-endpoint.js";
import { attach, inBackground } from "./background.js";
import { createDeployment, deleteDeployment, type Memory, updateDeployment } from "./deploy.js";
import { describeDeployment } from "./describe.js";
import * as endpoints from "./endpoints.js";
import type { InMemoryConfig, InMemoryOptions } from "./options.js";
import { planDeployment, planPrune, prune } from "./plan.js";
import { predict } from "./predict.js";
import { sortedByName } from "../../core/sorted-by-name.js";

type Config = InMemoryConfig;
/** A call that returns at once with an operation. */
type InBackground<Options> = Options & { config: { sync: false } };

/** What the clients of one target share. */
export interface SharedMemory extends Memory {
  capabilities: readonly Capability[];
  predict: NonNullable<InMemoryOptions["predict"]>;
}

/** A client of the target in memory. All clients of one target see the same deployments. */
export class InMemoryClient extends BaseDeploymentClient<Config> {
  readonly #memory: SharedMemory;
  readonly #config: Config;

  constructor(targetUri: string, memory: SharedMemory, config: Config) {
    super(targetUri);
    this.#memory = memory;
    this.#config = config;
  }

  override async capabilities(): Promise<readonly Capability[]> {
    return this.#memory.capabilities;
  }

  /** Deploys a model. With `config.sync: false` it returns at once with an operation. */
  override createDeployment(
    options: InBackground<CreateDeploymentOptions<Config>>,
  ): Promise<Operation<CreatedDeployment>>;
  override createDeployment(options?: CreateDeploymentOptions<Config>): Promise<CreatedDeployment>;
  override createDeployment(
    options: CreateDeploymentOptions<Config> = {},
  ): Promise<CreatedDeployment | Operation<CreatedDeployment>> {
    return this.#change("createDeployment", options, (complete) => createDeployment(complete, this.#memory));
  }

  /** Changes a deployment. With `config.sync: false` it returns at once with an operation. */
  override updateDeployment(
    options: InBackground<UpdateDeploymentOptions<Config>>,
  ): Promise<Operation<UpdatedDeployment>>;
  override updateDeployment(options: UpdateDeploymentOptions<Config>): Promise<UpdatedDeployment>;
  override updateDeployment(
    options: UpdateDeploymentOptions<Config>,
  ): Promise<UpdatedDeployment | Operation<UpdatedDeployment>> {
    return this.#change("updateDeployment", options, (complete) => updateDeployment(complete, this.#memory));
  }

  /** Deletes a deployment. With `config.sync: false` it returns at once with an operation. */
  override deleteDeployment(options: InBackground<DeleteDeploymentOptions<Config>>): Promise<Operation<void>>;
  override deleteDeployment(options: DeleteDeploymentOptions<Config>): Promise<void>;
  override deleteDeployment(options: DeleteDeploymentOptions<Config>): Promise<void | Operation<void>> {
    return this.#change("deleteDeployment", options, (complete) => deleteDeployment(complete, this.#memory));
  }

  override listDeployments(options: ListDeploymentsOptions<Config> = {}): Promise<Deployment[]> {
    return this.#run("listDeployments", options, ({ state }) => {
      const { endpoint } = options;
      const found = endpoint === undefined ? [...state.deployments.values()] : state.on(state.endpoint(endpoint));
      return sortedByName(found).map((deployment) => ({ ...describeDeployment(deployment, state), history: [] }));
    });
  }

  override getDeployment(options: GetDeploymentOptions<Config>): Promise<Deployment> {
    return this.#run("getDeployment", options, ({ state }) =>
      describeDeployment(state.deployment(options.name, options.endpoint), state),
    );
  }

  override predict(options: PredictOptions<Config>): Promise<PredictionsResponse> {
    return this.#run("predict", options, (memory) => predict(options, memory.state, memory.predict));
  }

  override async *predictStream(options: PredictOptions<Config>): AsyncGenerator<unknown, void, undefined> {
    if (this.#has("predictStream")) yield* (await this.predict(options)).predictions;
    else yield* super.predictStream(options);
  }

  override async explain(options: ExplainOptions<Config>): Promise<Explanations> {
    if (!this.#has("explain")) return super.explain(options);
    const { predictions, deployedModelId } = await this.predict(options);
    return { explanations: predictions.map(() => ({ attributions: [] })), predictions, deployedModelId };
  }

  override createEndpoint(options: CreateEndpointOptions<Config>): Promise<ServingEndpoint> {
    if (!this.#has("endpoints")) return super.createEndpoint(options);
    return this.#run("createEndpoint", options, (memory) =>
      endpoints.createEndpoint(options.name, options.config, memory),
    );
  }

  override updateEndpoint(options: UpdateEndpointOptions<Config>): Promise<ServingEndpoint> {
    if (!this.#has("endpoints")) return super.updateEndpoint(options);
    return this.#run("updateEndpoint", options, ({ state }) =>
      endpoints.updateEndpoint(options.endpoint, options.config, state),
    );
  }

  override deleteEndpoint(options: DeleteEndpointOptions<Config>): Promise<void> {
    if (!this.#has("endpoints")) return super.deleteEndpoint(options);
    return this.#run("deleteEndpoint", options, ({ state }) => endpoints.deleteEndpoint(options.endpoint, state));
  }

  override listEndpoints(options: CallOptions<Config> = {}): Promise<ServingEndpoint[]> {
    if (!this.#has("endpoints")) return super.listEndpoints(options);
    return this.#run("listEndpoints", options, ({ state }) => endpoints.listEndpoints(state));
  }

  override getEndpoint(options: GetEndpointOptions<Config>): Promise<ServingEndpoint> {
    if (!this.#has("endpoints")) return super.getEndpoint(options);
    return this.#run("getEndpoint", options, ({ state }) => endpoints.getEndpoint(options.endpoint, state));
  }

  override getLogs(options: GetLogsOptions<Config>): Promise<string[]> {
    if (!this.#has("logs")) return super.getLogs(options);
    return this.#run("getLogs", options, ({ state }) => {
      const { log } = state.deployment(options.name);
      return log.slice(Math.max(0, log.length - (options.lines ?? 100)));
    });
  }

  override planDeployment(options: PlanDeploymentOptions<Config> = {}): Promise<DeploymentPlan> {
    if (!this.#has("plan")) return super.planDeployment(options);
    return this.#run("planDeployment", options, (memory) => planDeployment(this.#complete(options), memory));
  }

  override planPrune(options: PruneOptions<Config> = {}): Promise<PruneItem[]> {
    if (!this.#has("prune")) return super.planPrune(options);
    return this.#run("planPrune", options, ({ state }) => planPrune(options.keepVersions ?? 0, state));
  }

  override prune(items: readonly PruneItem[], options: PruneOptions<Config> = {}): Promise<PruneItem[]> {
    if (!this.#has("prune")) return super.prune(items, options);
    return this.#run("prune", options, ({ state }) => prune(items, state));
  }

  override diagnose(options: CallOptions<Config> = {}): Promise<Diagnosis[]> {
    if (!this.#has("diagnose")) return super.diagnose(options);
    return this.#run("diagnose", options, ({ state }) => [
      { check: "memory", status: "ok", message: `${state.deployments.size} deployments in memory.`, advice: null },
    ]);
  }

  override operation(name: string, options: CallOptions<Config> = {}): ReturnType<BaseDeploymentClient["operation"]> {
    return this.#has("background") ? attach(name, this.#memory.state) : super.operation(name, options);
  }

  #has(capability: Capability): boolean {
    return this.#memory.capabilities.includes(capability);
  }

  /** The options with the client's own config below the call's. */
  #complete<Options extends CallOptions<Config>>(options: Options): Options {
    return { ...options, config: { ...this.#config, ...options.config } };
  }

  /** A change itself, or an operation of it where the call asks for that. */
  #change<Options extends ChangeOptions<Config>, T>(
    method: string,
    options: Options,
    work: (options: Options) => Promise<T>,
  ): Promise<T | Operation<T>> {
    return this.#run<T | Operation<T>>(method, options, ({ state }) => {
      const complete = this.#complete(options);
      if (complete.config?.sync !== false) return work(complete);
      if (!this.#has("background")) {
        throw new DeploymentError(
          "NOT_IMPLEMENTED",
          `Calls in the background (sync: false) are not supported by the deployment target ${this.targetUri}.`,
        );
      }
      return inBackground(state, (signal) => work({ ...complete, signal }));
    });
  }

  #run<T>(method: string, options: CallOptions<Config>, work: (memory: SharedMemory) => T | Promise<T>): Promise<T> {
    return guard(method, options, () => work(this.#memory));
  }
}
