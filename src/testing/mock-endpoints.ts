import type { DeployedModel } from "../core/deployment.js";
import { DeploymentError } from "../core/errors.js";
import type {
  DeployRequest,
  Endpoint,
  EndpointChange,
  EndpointManager,
  EndpointRequest,
  Scaling,
} from "../core/services.js";
import type { MockOperations } from "./mock-operation.js";

/** Endpoints in memory, with Vertex AI's rules for what is deployed on them and for their traffic. */
export class MockEndpoints implements EndpointManager {
  readonly endpoints = new Map<string, Endpoint>();
  readonly #operations: MockOperations;
  /** Endpoint and deployed model of the deployments under way. */
  readonly #deploying = new Set<string>();

  constructor(operations: MockOperations) {
    this.#operations = operations;
  }

  async find(endpointId: string): Promise<Endpoint | null> {
    const endpoint = this.endpoints.get(endpointId);
    return endpoint ? structuredClone(endpoint) : null;
  }

  async list(): Promise<Endpoint[]> {
    return structuredClone([...this.endpoints.values()]);
  }

  async create({ id, displayName, labels, dedicated, encryptionKey, network, description }: EndpointRequest) {
    if (this.endpoints.has(id) || this.#operations.running(id).length > 0) throw exists(`endpoint ${id}`);
    return this.#operations.start<Endpoint>(id, () => {
      const endpoint: Endpoint = {
        id,
        name: `endpoints/${id}`,
        displayName,
        labels,
        deployedModels: [],
        trafficSplit: {},
        etag: "1",
        dedicatedHost: dedicated ? `${id}.example.test` : null,
        encryptionKey,
        network,
        description,
        createTime: null,
      };
      this.endpoints.set(id, endpoint);
      return endpoint;
    });
  }

  async deploy(endpoint: Endpoint, request: DeployRequest) {
    const isThere = this.#existing(endpoint.id).deployedModels.some(({ id }) => id === request.deployedModelId);
    const pending = `${endpoint.id} ${request.deployedModelId}`;
    if (isThere || this.#deploying.has(pending)) throw exists(`deployed model ${request.deployedModelId}`);
    this.#deploying.add(pending);
    return this.#operations.start<DeployedModel>(endpoint.id, () => {
      this.#deploying.delete(pending);
      const { deployedModelId: id, displayName, version, machineType, takesTraffic } = request;
      const { minReplicaCount, maxReplicaCount, accelerator, serviceAccount } = request;
      const deployed: DeployedModel = {
        id,
        displayName,
        model: version.model,
        modelVersionId: version.versionId,
        trafficPercent: 0,
        machineType,
        minReplicaCount,
        maxReplicaCount,
        accelerator,
        serviceAccount,
        predictUrl: endpoint.network === null ? null : `http://${endpoint.id}.example.test/v1/models/${id}:predict`,
        createTime: null,
      };
      this.#change(endpoint, (current) => {
        current.deployedModels.push(deployed);
        if (takesTraffic) current.trafficSplit = { [id]: 100 };
      });
      return deployed;
    });
  }

  async undeploy(endpoint: Endpoint, deployedModelId: string) {
    const undeployed = (current: Endpoint) => {
      current.deployedModels = current.deployedModels.filter((model) => model.id !== deployedModelId);
      if ((current.trafficSplit[deployedModelId] ?? 0) > 0 && current.deployedModels.length > 0)
        throw new DeploymentError("FAILED_PRECONDITION", `The deployed model ${deployedModelId} has traffic.`);
      delete current.trafficSplit[deployedModelId];
    };
    const there = this.endpoints.get(endpoint.id);
    if (there) undeployed(structuredClone(there));
    return this.#operations.start<void>(endpoint.id, () => {
      if (this.endpoints.has(endpoint.id)) this.#change(endpoint, undeployed);
    });
  }

  async setTraffic(endpoint: Endpoint, split: Record<string, number>): Promise<Endpoint> {
    const current = this.#existing(endpoint.id);
    if (current.etag !== endpoint.etag)
      throw new DeploymentError("RESOURCE_CONFLICT", `The endpoint ${endpoint.id} changed since it was read.`);
    checkSplit(current, split);
    this.#change(endpoint, (changed) => {
      changed.trafficSplit = { ...split };
    });
    return structuredClone(this.#existing(endpoint.id));
  }

  async update(endpoint: Endpoint, { labels, description }: EndpointChange): Promise<Endpoint> {
    this.#change(endpoint, (current) => {
      if (labels) current.labels = labels;
      if (description !== undefined) current.description = description;
    });
    return structuredClone(this.#existing(endpoint.id));
  }

  async scale(endpoint: Endpoint, deployedModelId: string, { minReplicaCount, maxReplicaCount }: Scaling) {
    return this.#operations.start<void>(endpoint.id, () =>
      this.#change(endpoint, (current) => {
        const deployed = current.deployedModels.find((model) => model.id === deployedModelId);
        if (deployed) Object.assign(deployed, { minReplicaCount, maxReplicaCount });
      }),
    );
  }

  async delete(endpoint: Endpoint) {
    const isUsed = (this.endpoints.get(endpoint.id)?.deployedModels.length ?? 0) > 0;
    if (isUsed || [...this.#deploying].some((pending) => pending.startsWith(`${endpoint.id} `)))
      throw new DeploymentError("FAILED_PRECONDITION", `The endpoint ${endpoint.id} has deployed models.`);
    return this.#operations.start<void>(endpoint.id, () => void this.endpoints.delete(endpoint.id));
  }

  async running(endpointId: string) {
    return this.#operations.running<void>(endpointId);
  }

  attach(operationName: string) {
    return this.#operations.attach<void>(operationName);
  }

  #existing(id: string): Endpoint {
    const endpoint = this.endpoints.get(id);
    if (!endpoint) throw new DeploymentError("RESOURCE_DOES_NOT_EXIST", `There is no endpoint ${id}.`);
    return endpoint;
  }

  #change({ id }: Endpoint, change: (current: Endpoint) => void): void {
    const current = structuredClone(this.#existing(id));
    change(current);
    this.endpoints.set(id, current);
    current.etag = String(Number(current.etag) + 1);
    for (const model of current.deployedModels) model.trafficPercent = current.trafficSplit[model.id] ?? 0;
  }
}

function exists(what: string): DeploymentError {
  return new DeploymentError("RESOURCE_ALREADY_EXISTS", `There is a ${what} already.`);
}

/** `Endpoint.traffic_split`: of what is deployed, adding up to 100, or empty. */
function checkSplit({ id, deployedModels }: Endpoint, split: Record<string, number>): void {
  const ids = new Set(deployedModels.map((model) => model.id));
  const unknown = Object.keys(split).find((each) => !ids.has(each));
  const sum = Object.values(split).reduce((all, share) => all + share, 0);
  if (unknown === undefined && (sum === 100 || Object.keys(split).length === 0)) return;
  const reason = unknown === undefined ? `adds up to ${sum}` : `names ${unknown}, which is not deployed`;
  throw new DeploymentError("INVALID_PARAMETER_VALUE", `The traffic split of the endpoint ${id} ${reason}.`);
}
