import { notFound } from "../../google-error.js";
import type { Collection, StateStore } from "../../state.js";
import { newEtag } from "../etag.js";
import type { EndpointRecord } from "./endpoint-record.js";

/** Keeps endpoints. Every change gives an endpoint another etag. */
export class EndpointStore {
  readonly #endpoints: Collection<EndpointRecord>;

  constructor(state: StateStore) {
    this.#endpoints = state.collection<EndpointRecord>("vertex-endpoints");
  }

  has(name: string): boolean {
    return this.#endpoints.has(name);
  }

  /** @throws GoogleError NOT_FOUND. */
  get(name: string): EndpointRecord {
    const endpoint = this.#endpoints.get(name);
    if (!endpoint) throw notFound(`The Endpoint "${name}" does not exist.`);
    return structuredClone(endpoint);
  }

  all(): EndpointRecord[] {
    return structuredClone(this.#endpoints.values());
  }

  /** The endpoints of a location, oldest first. */
  inLocation(location: string): EndpointRecord[] {
    return this.all().filter((each) => each.name.startsWith(`${location}/endpoints/`));
  }

  create(fields: Pick<EndpointRecord, "name" | "displayName"> & Partial<EndpointRecord>): EndpointRecord {
    const now = new Date().toISOString();
    const times = { createTime: now, updateTime: now, etag: newEtag() };
    this.#endpoints.set(fields.name, { ...fields, ...times, deployedModels: [], trafficSplit: {} });
    return this.get(fields.name);
  }

  /** Changes an endpoint in one step, from what it is at that moment. */
  update(name: string, change: (endpoint: EndpointRecord) => EndpointRecord): EndpointRecord {
    const changed = change(this.get(name));
    this.#endpoints.set(name, { ...changed, updateTime: new Date().toISOString(), etag: newEtag() });
    return this.get(name);
  }

  delete(name: string): void {
    this.#endpoints.delete(name);
  }
}
