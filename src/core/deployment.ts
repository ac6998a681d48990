import type { HistoryEntry } from "./record.js";

/** A model version that serves on an endpoint. */
export interface DeployedModel {
  /** Its id on the endpoint, ten digits on Vertex AI. */
  id: string;
  /** The name of the deployment that it belongs to. */
  displayName: string;
  /** The platform's name of the model. */
  model: string;
  modelVersionId: string | null;
  /** Its share of the endpoint's traffic, in percent. */
  trafficPercent: number;
  machineType: string | null;
  /** Replicas that always run; null where the platform does not say. */
  minReplicaCount: number | null;
  /** Replicas that autoscaling may go up to; null where the platform does not say. */
  maxReplicaCount: number | null;
  accelerator: { type: string; count: number } | null;
  /** The account that its containers run as; null for the platform's own. */
  serviceAccount: string | null;
  /** Where predictions go from inside its network, on an endpoint that has one; null on a public endpoint. */
  predictUrl: string | null;
  /** RFC 3339, as the platform gives it. */
  createTime: string | null;
}

/**
 * - `ready`: serves; on an endpoint that it shares, with whatever traffic it was given.
 * - `creating`, `updating`: a process is at work on it. While it is updated it goes on serving.
 * - `deleting`: a process is taking it away, or was cut off at that; the same call goes on with it.
 * - `incomplete`: an attempt to create it was cut off; the same call goes on with it.
 */
export type DeploymentState = "ready" | "creating" | "updating" | "deleting" | "incomplete";

/** A model on a serving platform, under a name. */
export interface Deployment {
  name: string;
  /** The flavor that was asked for; null when none was, as in MLflow. */
  flavor: string | null;
  state: DeploymentState;
  endpoint: {
    id: string;
    /** The platform's full name of it, such as `projects/p/locations/l/endpoints/e`. */
    name: string;
    /** Whether other deployments may be on it: it was made by `createEndpoint`. */
    shared: boolean;
    createTime: string | null;
  } | null;
  /** This deployment's own: one, but while it is updated. */
  deployedModels: DeployedModel[];
  /** Its share of the endpoint's traffic, in percent. */
  trafficPercent: number;
  model: {
    /** The registry model's full name on the platform. */
    name: string;
    versionId: string;
    /** `default` and the alias of the version name. */
    aliases: string[];
    /** The MLflow URI that it came from; null where only the platform's own state is known. */
    source: string | null;
  } | null;
  hashes: {
    /** Over the environment, the model's files and the settings. */
    spec: string | null;
    /** Over what the serving image holds. */
    environment: string | null;
  };
  /** The settings that it was created with, by their names in `config`; empty where the record of them is lost. */
  settings: Record<string, unknown>;
  /** What was done to it, newest last; empty where the record is lost, and in a list. */
  history: HistoryEntry[];
}

/**
 * A deployment of these parts; what is not given is as of one that serves by itself, on a platform that says nothing more of
 * it. For those who write a target: what a later version of this package adds to a deployment has its default here.
 */
export function newDeployment(parts: Pick<Deployment, "name"> & Partial<Deployment>): Deployment {
  return {
    flavor: null,
    state: "ready",
    endpoint: null,
    deployedModels: [],
    trafficPercent: 100,
    model: null,
    hashes: { spec: null, environment: null },
    settings: {},
    history: [],
    ...parts,
  };
}

/** What `createDeployment` gives: the deployment, and whether this call changed anything. */
export interface CreatedDeployment extends Deployment {
  /** False when the same deployment was there already, finished. */
  changed: boolean;
}

/** What `updateDeployment` gives: the deployment, and whether this call changed anything. */
export interface UpdatedDeployment extends Deployment {
  /** False when all was as the call wants it. */
  changed: boolean;
}

/** What a prediction request gave. */
export interface Predictions {
  /** One for each instance, in their order. */
  predictions: unknown[];
  /** Which deployed model answered. */
  deployedModelId: string | null;
  model: string | null;
  modelVersionId: string | null;
  modelDisplayName: string | null;
  /** Whatever else the platform's answer holds. */
  metadata: Record<string, unknown> | null;
}
