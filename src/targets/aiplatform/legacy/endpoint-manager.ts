import pLimit from "p-limit";

import type { DeployedModel } from "../../../core/deployment.js";
import { DeploymentError } from "../../../core/errors.js";
import { type Operation, OperationFailedError } from "../../../core/operation.js";
import type { StepContext } from "../../../core/progress.js";
import type {
  DeployRequest,
  Endpoint,
  EndpointChange,
  EndpointManager,
  EndpointRequest,
  Scaling,
} from "../../../core/services.js";
import { finishedOperation, removal } from "../google/operations.js";
import { toEndpoint } from "./endpoint-resource.js";
import { MlApi, type Model, type Version } from "./ml-api.js";
import { formatDescription } from "./model-description.js";
import { createModel, type ModelOptions } from "./model-manager.js";
import { versionResourceName } from "./resource-names.js";
import { createVersion, versionCreation } from "./version-creation.js";
import { removeAllFailed } from "./version-removal.js";
import { scalingPatch, serves, servingId, toDeployedModel, versionCopy } from "./version-resource.js";

/** The label of all that this package makes. */
const ours = "labels.managed-by=mlflow-deployments";
/** Models whose versions are listed at a time. */
const listedAtOnce = 4;

/**
 * Models of AI Platform Prediction as endpoints. A version serves from the moment it is made, and the default version
 * answers all requests to the model: the traffic cannot be split.
 */
export class LegacyEndpointManager implements EndpointManager {
  readonly #ml: MlApi;
  readonly #options: ModelOptions;

  constructor(options: ModelOptions) {
    this.#ml = new MlApi(options);
    this.#options = options;
  }

  async find(endpointId: string, { signal }: StepContext): Promise<Endpoint | null> {
    const model = await this.#ml.model(this.#ml.names.model(endpointId), signal);
    return model && this.#endpoint(model, signal);
  }

  async list({ signal }: StepContext): Promise<Endpoint[]> {
    const { parent } = this.#ml.names;
    const models = await this.#ml.pages(
      (pageToken) =>
        this.#ml.call({ doing: `Listing the models of ${parent}`, signal }, (api, settings) =>
          api.models.list({ parent, filter: ours, pageSize: 100, ...(pageToken && { pageToken }) }, settings),
        ),
      (page) => page.models,
    );
    const limit = pLimit(listedAtOnce);
    return Promise.all(models.map((model) => limit(() => this.#endpoint(model, signal))));
  }

  /** Makes the model, where `ModelManager` has not done so already. */
  async create(request: EndpointRequest, { signal }: StepContext): Promise<Operation<Endpoint>> {
    const { id, displayName: deploymentName, labels, description } = request;
    const owner = { deploymentName, labels, description };
    const model = await createModel(this.#ml, this.#options, id, owner, signal);
    return finishedOperation(this.#ml.names.model(id), toEndpoint(model, [], this.#ml.names));
  }

  /**
   * Done already where the version was made of the spec: it serves since then. For another machine or account, which a
   * version cannot change, a copy of it is made.
   *
   * @throws DeploymentError `FAILED_PRECONDITION` when the version is not ready.
   */
  async deploy(endpoint: Endpoint, request: DeployRequest, { signal }: StepContext): Promise<Operation<DeployedModel>> {
    const { model, versionId } = request.version;
    const name = versionResourceName(model, versionId);
    const found = await this.#ml.version(name, signal);
    if (!found || !serves(found)) {
      const state = found ? `is ${found.state ?? "in no known state"}` : "does not exist";
      const reason = found?.errorMessage ? `: ${found.errorMessage}` : "";
      throw new DeploymentError("FAILED_PRECONDITION", `The model version ${name} ${state}${reason}. Deploy it again.`);
    }
    const toDeployed = (version: Version) => toDeployedModel(version, endpoint.displayName, this.#ml.names);
    if (servingId(found) === request.deployedModelId) return finishedOperation(name, toDeployed(found));
    return createVersion(this.#ml, model, versionCopy(found, request), toDeployed, signal);
  }

  /**
   * Deletes the version: it is what serves, and nothing of it remains in a registry. The default one can only be the last
   * to go, so that what failed creations have left goes before it.
   */
  async undeploy(endpoint: Endpoint, deployedModelId: string, context: StepContext): Promise<Operation<void>> {
    const { signal } = context;
    const deployed = await this.#deployedModel(endpoint, deployedModelId, context);
    const name = deployed && versionName(deployed);
    if (deployed?.trafficPercent === 100) await removeAllFailed(this.#ml, endpoint.name, signal);
    const doing = `Deleting the model version ${name ?? deployedModelId}`;
    const started =
      name === null
        ? null
        : await this.#ml.find({ doing, signal }, (api, settings) => api.models.versions.delete({ name }, settings));
    return started
      ? removal(this.#ml.operation(started.name, doing, () => undefined))
      : finishedOperation(name ?? endpoint.name, undefined);
  }

  /**
   * Makes a version the default one, which has all the traffic (`versions.setDefault`). That request carries no etag, so
   * the model is read just before.
   *
   * @throws DeploymentError `INVALID_PARAMETER_VALUE` for a split between versions.
   */
  async setTraffic(endpoint: Endpoint, split: Record<string, number>, context: StepContext): Promise<Endpoint> {
    const shares = Object.entries(split).filter(([, percent]) => percent > 0);
    const [id] = shares[0] ?? [];
    if (id === undefined || shares.length > 1) {
      throw new DeploymentError(
        "INVALID_PARAMETER_VALUE",
        "The legacy platform gives all the traffic of a model to one version: it cannot be split.",
      );
    }
    const current = await this.#current(endpoint, context);
    if (current.trafficSplit[id] === 100) return current;
    if (current.etag !== endpoint.etag) {
      throw new DeploymentError(
        "RESOURCE_CONFLICT",
        `The model ${endpoint.name} changed since it was read. Run the same call again.`,
      );
    }
    const name = await this.#versionName(current, id, context);
    if (name === null) throw missing(endpoint, id);
    await this.#ml.call({ doing: `Making ${name} the default version`, signal: context.signal }, (api, settings) =>
      api.models.versions.setDefault({ name, requestBody: {} }, settings),
    );
    return this.#current(endpoint, context);
  }

  /**
   * Changes the description: `models.patch` can change nothing else of these.
   *
   * @throws DeploymentError `INVALID_PARAMETER_VALUE` for other labels than those that are there, and a timeout.
   */
  async update(endpoint: Endpoint, change: EndpointChange, context: StepContext): Promise<Endpoint> {
    const { name, etag } = endpoint;
    const { labels = endpoint.labels, description } = change;
    const sameLabels = Object.entries(labels).every(([key, value]) => endpoint.labels[key] === value);
    if (!sameLabels || Object.keys(labels).length !== Object.keys(endpoint.labels).length)
      throw unchangeable("labels", endpoint);
    if (change.inferenceTimeout !== undefined) throw unchangeable("inferenceTimeout", endpoint);
    if (description === undefined || description === endpoint.description) return endpoint;
    const requestBody = {
      description: formatDescription({ deploymentName: endpoint.displayName, text: description }),
      ...(etag !== null && { etag }),
    };
    const doing = `Changing the model ${name}`;
    const started = await this.#ml.call({ doing, signal: context.signal }, (api, settings) =>
      api.models.patch({ name, updateMask: "description", requestBody }, settings),
    );
    await this.#ml.operation(started.name, doing, () => undefined).wait({ signal: context.signal });
    return this.#current(endpoint, context);
  }

  /**
   * Changes how many nodes always run: `versions.patch` can change no more of the scaling.
   *
   * @throws DeploymentError `INVALID_PARAMETER_VALUE` for another maximum than the version's.
   */
  async scale(
    endpoint: Endpoint,
    deployedModelId: string,
    scaling: Scaling,
    context: StepContext,
  ): Promise<Operation<void>> {
    const name = await this.#versionName(endpoint, deployedModelId, context);
    const version = name === null ? null : await this.#ml.version(name, context.signal);
    if (name === null || version === null) throw missing(endpoint, deployedModelId);
    const patch = scalingPatch(version, scaling);
    if (patch === null) throw unchangeable("maxReplicaCount", endpoint);
    const doing = `Scaling the model version ${name}`;
    const started = await this.#ml.call({ doing, signal: context.signal }, (api, settings) =>
      api.models.versions.patch({ name, ...patch }, settings),
    );
    return this.#ml.operation(started.name, doing, () => undefined);
  }

  /** Deletes the model, and before it what failed creations have left in it. */
  async delete({ name }: Endpoint, { signal }: StepContext): Promise<Operation<void>> {
    await removeAllFailed(this.#ml, name, signal);
    const doing = `Deleting the model ${name}`;
    const started = await this.#ml.find({ doing, signal }, (api, settings) => api.models.delete({ name }, settings));
    return started
      ? removal(this.#ml.operation(started.name, doing, () => undefined))
      : finishedOperation(name, undefined);
  }

  async running(endpointId: string, { signal }: StepContext): Promise<Operation<void>[] | null> {
    const model = this.#ml.names.model(endpointId);
    const operations = await this.#ml.runningOn(model, signal);
    if (operations === null) return null;
    return operations.map(({ name }) =>
      this.#ml.operation(name, `An operation on the model ${model}`, () => undefined),
    );
  }

  attach(operationName: string): Operation<void> {
    // what was done at once has the name of what it made
    if (!operationName.includes("/operations/")) return finishedOperation(operationName, undefined);
    // it may be the creation of a copy
    return versionCreation(this.#ml, operationName, "An operation on a model", () => undefined);
  }

  async #endpoint(model: Model, signal: AbortSignal | undefined): Promise<Endpoint> {
    const name = this.#ml.names.own(model.name ?? "");
    return toEndpoint(model, await this.#ml.versions(name, signal), this.#ml.names);
  }

  async #current(endpoint: Endpoint, context: StepContext): Promise<Endpoint> {
    const found = await this.find(endpoint.id, context);
    if (found) return found;
    throw new DeploymentError("RESOURCE_DOES_NOT_EXIST", `There is no model ${endpoint.name} any more.`);
  }

  /** The full name of the version that serves as a deployed model; null where there is none. */
  async #versionName(endpoint: Endpoint, deployedModelId: string, context: StepContext): Promise<string | null> {
    const deployed = await this.#deployedModel(endpoint, deployedModelId, context);
    return deployed && versionName(deployed);
  }

  async #deployedModel(
    endpoint: Endpoint,
    deployedModelId: string,
    context: StepContext,
  ): Promise<DeployedModel | null> {
    const isIt = ({ id }: DeployedModel) => id === deployedModelId;
    const known = endpoint.deployedModels.find(isIt);
    return known ?? (await this.find(endpoint.id, context))?.deployedModels.find(isIt) ?? null;
  }
}

function versionName({ model, modelVersionId }: DeployedModel): string | null {
  return modelVersionId ? versionResourceName(model, modelVersionId) : null;
}

function missing(endpoint: Endpoint, deployedModelId: string): DeploymentError {
  return new DeploymentError(
    "RESOURCE_DOES_NOT_EXIST",
    `The model ${endpoint.name} has no version of the spec ${deployedModelId}.`,
  );
}

/** Refused for good: what the same call would change must not count as cut off. */
function unchangeable(setting: string, { name }: Endpoint): OperationFailedError {
  return new OperationFailedError(
    "INVALID_PARAMETER_VALUE",
    `The legacy platform cannot change ${setting} of what serves on the model ${name}. Leave it as it was, or delete the deployment and create it again.`,
  );
}
