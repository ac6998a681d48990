import type { StepContext } from "../progress.js";

/** 4: the registry model that versions belong to. */
export interface ModelManager {
  /** Looks the model up; where the platform has models without versions, makes it for `owner`, if one is given. */
  ensure(modelName: string, context: StepContext, owner?: ModelOwner): Promise<ParentModel>;
}

/** The deployment that a model is made for, as the platform is to remember it. */
export interface ModelOwner {
  deploymentName: string;
  labels: Record<string, string>;
  /** For people; null for none. */
  description: string | null;
}

/** A model of the registry, to which versions belong. */
export interface ParentModel {
  /** What the platform calls it: `projects/p/locations/l/models/id`. */
  name: string;
  id: string;
  displayName: string;
  /** False when the first version will make it. */
  exists: boolean;
  /** True when `ensure` has just made it. Default: false. */
  made?: boolean | undefined;
}
