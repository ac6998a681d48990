/** `deployModel`, `undeployModel` and `mutateDeployedModel`. */
import { randomInt } from "node:crypto";

import { alreadyExists, failedPrecondition, invalidArgument, notFound } from "../../google-error.js";
import type { OperationContext, OperationResource, Operations } from "../../operations.js";
import { deployedSpec } from "../explain/explanation-spec.js";
import { updatePaths } from "../field-mask.js";
import type { Location, Locations } from "../locations.js";
import { deployModelRequest, mutateDeployedModelRequest, undeployModelRequest } from "../messages/endpoint.js";
import { applyMask } from "../../proto/field-mask.js";
import { type JsonObject, parseMessage } from "../../proto/parse.js";
import type { ModelVersion } from "../models/model-record.js";
import type { ModelStore } from "../models/model-store.js";
import { operationMetadata, operationResponse } from "../operation-metadata.js";
import { requiredField, Violations } from "../violations.js";
import type { EndpointAddresses } from "./addresses.js";
import { checkDeploy, checkResources } from "./deploy-rules.js";
import {
  type DedicatedResources,
  type DeployedModel,
  deployedModelResource,
  type Deployment,
  endpointLogs,
  type TrafficSplit,
} from "./endpoint-record.js";
import type { EndpointStore } from "./endpoint-store.js";
import type { ModelServers } from "./model-servers.js";
import { splitAfterDeploy, splitAfterUndeploy } from "./traffic.js";

/** What `mutateDeployedModel` may change. */
const mutable = [
  "dedicatedResources.minReplicaCount",
  "dedicatedResources.maxReplicaCount",
  "dedicatedResources.requiredReplicaCount",
  "dedicatedResources.autoscalingMetricSpecs",
  "disableContainerLogging",
];

export interface DeploymentsDependencies {
  locations: Locations;
  operations: Operations;
  models: ModelStore;
  endpoints: EndpointStore;
  servers: ModelServers;
  addresses: EndpointAddresses;
}

/** Where a model is deployed. */
export interface DeployedModelRef {
  endpoint: string;
  deployedModelId: string;
}

/** Puts models on endpoints and takes them off. */
export class Deployments {
  readonly #deps: DeploymentsDependencies;
  /** What is being deployed, or undeployed: the service shows it nowhere, but its id and its model are in use. */
  readonly #pending = new Set<Pick<Deployment, "endpoint" | "deployed">>();

  constructor(deps: DeploymentsDependencies) {
    this.#deps = deps;
  }

  /** Where a model is deployed; one version of it, if given. */
  of(model: string, versionId?: string): DeployedModelRef[] {
    const deployments = this.#deps.endpoints
      .all()
      .flatMap(({ name: endpoint, deployedModels }) => deployedModels.map((deployed) => ({ endpoint, deployed })));
    return refs(deployments, model, versionId);
  }

  /** Where a model is deployed, being deployed or being undeployed; one version of it, if given. */
  using(model: string, versionId?: string): DeployedModelRef[] {
    return [...this.of(model, versionId), ...refs([...this.#pending], model, versionId)];
  }

  /** Whether anything is deployed on an endpoint, or about to be. */
  uses(endpoint: string): boolean {
    const pending = [...this.#pending].some((each) => each.endpoint === endpoint);
    return pending || this.#deps.endpoints.get(endpoint).deployedModels.length > 0;
  }

  /** Starts the servers of everything that was deployed when the emulator was stopped. */
  resumeAll(): void {
    const { endpoints, models, locations, servers } = this.#deps;
    for (const { name, deployedModels } of endpoints.all()) {
      const [, project = "", , location = ""] = name.split("/");
      for (const deployed of deployedModels) {
        const { version } = models.version(`${deployed.model}@${deployed.modelVersionId}`);
        const where = locations.resolve(project, location);
        const logged = endpointLogs(name, where);
        servers.resume({ endpoint: name, location: where, deployed, version, logged });
      }
    }
  }

  /** `deployModel`. @throws GoogleError for what is refused at once; what fails later is the operation's error. */
  deploy(endpoint: string, body: unknown, location: Location): OperationResource {
    const request = parseMessage(deployModelRequest, body, "");
    checkDeploy(request);
    const record = this.#deps.endpoints.get(endpoint);
    const wanted = request["deployedModel"] as JsonObject;
    const { model, version } = this.#modelVersion(wanted["model"] as string, location);
    if (record.network !== undefined && this.uses(endpoint)) {
      throw failedPrecondition(`Endpoint ${endpoint} is private: it takes one DeployedModel only.`);
    }
    const id = this.#newId(endpoint, wanted["id"] as string | undefined);
    const split = (request["trafficSplit"] ?? {}) as TrafficSplit;
    splitAfterDeploy(record, split, id);
    const deployment: Deployment = {
      endpoint,
      location,
      version,
      deployed: newDeployedModel(id, wanted, { model, version }),
      logged: endpointLogs(endpoint, location),
    };
    this.#pending.add(deployment);
    const metadata = operationMetadata("DeployModel", { deploymentStage: "STARTING_DEPLOYMENT" });
    return this.#deps.operations.start(
      { parent: endpoint },
      metadata,
      (context) => this.#deploy(deployment, split, context),
      () => this.#pending.delete(deployment),
    );
  }

  /** `undeployModel`. */
  undeploy(endpoint: string, body: unknown): OperationResource {
    const { endpoints, operations, servers } = this.#deps;
    const request = parseMessage(undeployModelRequest, body, "");
    const violations = new Violations();
    violations.required(undeployModelRequest, request);
    violations.throwIfAny();
    const id = request["deployedModelId"] as string;
    const split = request["trafficSplit"] as TrafficSplit | undefined;
    const requested = split && Object.keys(split).length > 0 ? split : undefined;
    this.#deployed(endpoint, id);
    splitAfterUndeploy(endpoints.get(endpoint), requested, id);
    return operations.start({ parent: endpoint }, operationMetadata("UndeployModel"), async () => {
      const leaving = { endpoint, deployed: this.#deployed(endpoint, id) };
      endpoints.update(endpoint, (each) => ({
        ...each,
        deployedModels: each.deployedModels.filter((deployed) => deployed.id !== id),
        trafficSplit: splitAfterUndeploy(each, requested, id),
      }));
      this.#pending.add(leaving);
      // in the same turn as the update: no request finds the model deployed and its server gone
      await servers.stop(endpoint, id).finally(() => this.#pending.delete(leaving));
      return operationResponse("UndeployModelResponse");
    });
  }

  /** `mutateDeployedModel`. */
  mutate(endpoint: string, body: unknown): OperationResource {
    const { endpoints, operations, servers } = this.#deps;
    const request = parseMessage(mutateDeployedModelRequest, body, "");
    const wanted = (request["deployedModel"] ?? {}) as JsonObject;
    const id = wanted["id"] as string | undefined;
    if (id === undefined) throw requiredField("deployed_model.id");
    const paths = updatePaths(request["updateMask"] as string | undefined, mutable);
    const mutated = (): DeployedModel => {
      const changed = applyMask({ ...this.#deployed(endpoint, id) }, wanted, paths) as unknown as DeployedModel;
      const violations = new Violations();
      checkResources(changed.dedicatedResources, violations);
      violations.throwIfAny();
      return changed;
    };
    mutated();
    return operations.start({ parent: endpoint }, operationMetadata("MutateDeployedModel"), async () => {
      const deployedModel = mutated();
      endpoints.update(endpoint, (each) => ({
        ...each,
        deployedModels: each.deployedModels.map((other) => (other.id === id ? deployedModel : other)),
      }));
      servers.changed(endpoint, deployedModel);
      return this.#response("MutateDeployedModelResponse", endpoint, deployedModel);
    });
  }

  async #deploy(
    deployment: Deployment,
    split: TrafficSplit,
    { update, signal }: OperationContext,
  ): Promise<JsonObject> {
    const { servers } = this.#deps;
    const { endpoint, deployed } = deployment;
    try {
      update({ deploymentStage: "STARTING_MODEL_SERVER" });
      await servers.start(deployment, signal);
      update({ deploymentStage: "FINISHING_UP" });
      this.#add(deployment, split);
    } catch (error) {
      await servers.stop(endpoint, deployed.id); // when the split names a model that went meanwhile
      update({ deploymentStage: "FAILED_TO_DEPLOY" });
      throw error;
    }
    update({ deploymentStage: "SUCCESSFULLY_DEPLOYED" });
    return this.#response("DeployModelResponse", endpoint, deployed);
  }

  #response(type: string, endpoint: string, deployed: DeployedModel): JsonObject {
    const { endpoints, addresses } = this.#deps;
    return operationResponse(type, {
      deployedModel: deployedModelResource(endpoints.get(endpoint), deployed, addresses),
    });
  }

  #add({ endpoint, deployed }: Deployment, split: TrafficSplit): void {
    this.#deps.endpoints.update(endpoint, (each) => ({
      ...each,
      trafficSplit: splitAfterDeploy(each, split, deployed.id),
      deployedModels: [...each.deployedModels, deployed],
    }));
  }

  #modelVersion(given: string, location: Location): ModelVersion {
    const name = this.#deps.locations.canonical(given);
    if (!name?.startsWith(`${location.name}/models/`)) {
      throw invalidArgument(
        `Invalid deployed_model.model "${given}": the emulator deploys models of ${location.name} only.`,
      );
    }
    return this.#deps.models.version(name);
  }

  #newId(endpoint: string, wanted: string | undefined): string {
    const pending = [...this.#pending].filter((each) => each.endpoint === endpoint).map((each) => each.deployed.id);
    const used = [...pending, ...this.#deps.endpoints.get(endpoint).deployedModels.map((each) => each.id)];
    const id = wanted ?? String(randomInt(10 ** 9, 10 ** 10));
    if (used.includes(id)) throw alreadyExists(`DeployedModel with id "${id}" already exists in Endpoint ${endpoint}.`);
    return id;
  }

  #deployed(endpoint: string, id: string): DeployedModel {
    const found = this.#deps.endpoints.get(endpoint).deployedModels.find((each) => each.id === id);
    if (!found) throw notFound(`DeployedModel "${id}" is not found in Endpoint ${endpoint}.`);
    return found;
  }
}

function newDeployedModel(id: string, wanted: JsonObject, { model, version }: ModelVersion): DeployedModel {
  const now = new Date().toISOString();
  const resources = wanted["dedicatedResources"] as DedicatedResources;
  const explanationSpec = deployedSpec(version.other["explanationSpec"], wanted);
  return {
    ...wanted,
    id,
    model: model.name,
    modelVersionId: version.id,
    displayName: (wanted["displayName"] as string | undefined) ?? model.displayName,
    createTime: now,
    dedicatedResources: { ...resources, maxReplicaCount: resources.maxReplicaCount ?? resources.minReplicaCount },
    ...(explanationSpec && { explanationSpec }),
    status: { availableReplicaCount: resources.minReplicaCount, lastUpdateTime: now },
  };
}

function refs(
  deployments: readonly Pick<Deployment, "endpoint" | "deployed">[],
  model: string,
  versionId?: string,
): DeployedModelRef[] {
  return deployments
    .filter(
      ({ deployed }) => deployed.model === model && (versionId === undefined || deployed.modelVersionId === versionId),
    )
    .map(({ endpoint, deployed }) => ({ endpoint, deployedModelId: deployed.id }));
}
