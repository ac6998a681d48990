import { sortedByName } from "../../core/sorted-by-name.js";
import type { DeploymentState } from "../../core/deployment.js";
import { DeploymentError } from "../../core/errors.js";
import type { Operation } from "../../core/operation.js";
import type { HistoryEntry } from "../../core/record.js";
import type { Traffic, TrafficRouter } from "./traffic.js";

/** A deployment as it is kept. */
export interface MemoryDeployment {
  name: string;
  flavor: string | null;
  state: DeploymentState;
  /** The id of the endpoint that it is on. */
  endpoint: string;
  version: MemoryVersion;
  /** Of what serves: another one for another version. */
  deployedModelId: string;
  settings: Record<string, unknown>;
  history: HistoryEntry[];
  log: string[];
  createTime: string;
}

/** An endpoint as it is kept: one that is shared, or a deployment's own. */
export interface MemoryEndpoint {
  id: string;
  shared: boolean;
  settings: Record<string, unknown>;
  traffic: Traffic;
  router: TrafficRouter;
  createTime: string;
}

/** A model that was deployed, in a registry model of the deployment's name. */
export interface MemoryVersion {
  model: string;
  versionId: string;
  modelUri: string;
  createTime: string;
}

/** All that the clients of one target in memory see. */
export class MemoryState {
  readonly deployments = new Map<string, MemoryDeployment>();
  readonly endpoints = new Map<string, MemoryEndpoint>();
  readonly operations = new Map<string, Operation<unknown>>();
  readonly versions: MemoryVersion[] = [];
  #ids = 0;

  nextId(): number {
    this.#ids++;
    return this.#ids;
  }

  /** @throws DeploymentError `RESOURCE_DOES_NOT_EXIST` when there is none. */
  deployment(name: string, endpoint?: string): MemoryDeployment {
    const found = this.deployments.get(name);
    if (found && (endpoint === undefined || this.endpoint(endpoint).id === found.endpoint)) return found;
    throw new DeploymentError(
      "RESOURCE_DOES_NOT_EXIST",
      `There is no deployment "${name}"${endpoint === undefined ? "" : ` on the endpoint "${endpoint}"`}. listDeployments shows those that there are.`,
    );
  }

  /** @throws DeploymentError `RESOURCE_DOES_NOT_EXIST` when there is none of that id or full name. */
  endpoint(name: string): MemoryEndpoint {
    const found = this.endpoints.get(name) ?? [...this.endpoints.values()].find(({ id }) => resourceName(id) === name);
    if (found) return found;
    throw new DeploymentError(
      "RESOURCE_DOES_NOT_EXIST",
      `There is no endpoint "${name}". listEndpoints shows those that there are.`,
    );
  }

  /** What is on an endpoint, sorted by name. */
  on(endpoint: MemoryEndpoint): MemoryDeployment[] {
    return sortedByName([...this.deployments.values()].filter((deployment) => deployment.endpoint === endpoint.id));
  }

  /** The version of a model in the registry model of that name, made if it is not there. */
  version(model: string, modelUri: string, createTime: string): MemoryVersion {
    const ofModel = this.versions.filter((version) => version.model === model);
    const found = ofModel.find((version) => version.modelUri === modelUri);
    if (found) return found;
    const newest = Math.max(0, ...ofModel.map(({ versionId }) => Number(versionId)));
    const made = { model, versionId: String(newest + 1), modelUri, createTime };
    this.versions.push(made);
    return made;
  }
}

/** The full name of an endpoint. */
export function resourceName(endpointId: string): string {
  return `in-memory/endpoints/${endpointId}`;
}

/** The full name of a registry model. */
export function modelName(model: string): string {
  return `in-memory/models/${model}`;
}
