import type { Location } from "../locations.js";
import type { JsonObject } from "../../proto/parse.js";
import type { VersionRecord } from "../models/model-record.js";

/** `DeployedModel` as the emulator keeps and answers it. */
export interface DeployedModel {
  id: string;
  /** Canonical name, without a version. */
  model: string;
  modelVersionId: string;
  displayName: string;
  createTime: string;
  dedicatedResources: DedicatedResources;
  disableContainerLogging?: boolean;
  status: { availableReplicaCount: number; lastUpdateTime: string };
}

export interface DedicatedResources {
  machineSpec: { machineType?: string; acceleratorType?: string; acceleratorCount?: number };
  minReplicaCount: number;
  maxReplicaCount: number;
  autoscalingMetricSpecs?: { metricName: string; target?: number }[];
}

/** A DeployedModel, with what is needed to run it. */
export interface Deployment {
  /** The endpoint's name. */
  endpoint: string;
  location: Location;
  deployed: DeployedModel;
  version: VersionRecord;
}

/** Percentages by DeployedModel id. */
export type TrafficSplit = Readonly<Record<string, number>>;

/** `Endpoint` as the emulator keeps it; `dedicatedEndpointDns` is added when it is read. */
export interface EndpointRecord {
  name: string;
  displayName: string;
  description?: string;
  labels?: Record<string, string>;
  etag: string;
  createTime: string;
  updateTime: string;
  deployedModels: DeployedModel[];
  trafficSplit: TrafficSplit;
  dedicatedEndpointEnabled?: boolean;
  clientConnectionConfig?: { inferenceTimeout?: string };
  encryptionSpec?: JsonObject;
}

/**
 * `Endpoint` as Vertex AI answers it, defaults left out.
 *
 * @param dns Host, port and path prefix that predictions of a dedicated endpoint go to.
 */
export function endpointResource(record: EndpointRecord, dns: string): JsonObject {
  const { deployedModels, trafficSplit, labels, ...rest } = record;
  return {
    ...rest,
    ...(labels && Object.keys(labels).length > 0 && { labels }),
    ...(deployedModels.length > 0 && { deployedModels }),
    ...(Object.keys(trafficSplit).length > 0 && { trafficSplit }),
    ...(record.dedicatedEndpointEnabled && { dedicatedEndpointDns: dns }),
  };
}

/** The last part of a resource's name. */
export function idOf(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}
