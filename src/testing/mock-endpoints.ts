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

/** Endpoints in memory. */
export class MockEndpoints implements EndpointManager {
  readonly endpoints = new Map<string, Endpoint>();
  readonly #operations: MockOperations;

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
    return this.#operations.start<Endpoint>(() => {
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
    return this.#operations.start<DeployedModel>(() => {
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
    return this.#operations.start<void>(() =>
      this.#change(endpoint, (current) => {
        current.deployedModels = current.deployedModels.filter((model) => model.id !== deployedModelId);
        delete current.trafficSplit[deployedModelId];
      }),
    );
  }

  async setTraffic(endpoint: Endpoint, split: Record<string, number>): Promise<Endpoint> {
    const current = this.#existing(endpoint.id);
    if (current.etag !== endpoint.etag)
      throw new DeploymentError("RESOURCE_CONFLICT", `The endpoint ${endpoint.id} changed since it was read.`);
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
    return this.#operations.start<void>(() =>
      this.#change(endpoint, (current) => {
        const deployed = current.deployedModels.find((model) => model.id === deployedModelId);
        if (deployed) Object.assign(deployed, { minReplicaCount, maxReplicaCount });
      }),
    );
  }

  async delete(endpoint: Endpoint) {
    return this.#operations.start<void>(() => void this.endpoints.delete(endpoint.id));
  }

  async running() {
    return [];
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
    const current = this.#existing(id);
    change(current);
    current.etag = String(Number(current.etag) + 1);
    for (const model of current.deployedModels) model.trafficPercent = current.trafficSplit[model.id] ?? 0;
  }
}
