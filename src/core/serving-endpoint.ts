import type { DeployedModel } from "./deployment.js";

/** An endpoint that deployments share, as `createEndpoint` makes it. */
export interface ServingEndpoint {
  /** The name that it was made with. */
  name: string;
  /** The platform's id of it. */
  id: string;
  /** The platform's full name of it, such as `projects/p/locations/l/endpoints/e`. */
  resourceName: string;
  description: string | null;
  labels: Record<string, string>;
  deployedModels: DeployedModel[];
  /** The share of each deployment, by its name, in percent; they add up to 100, or there are none. */
  traffic: Record<string, number>;
  /** The host that predictions go to, where the endpoint has its own. */
  dedicatedHost: string | null;
  /** RFC 3339. */
  createTime: string | null;
}
