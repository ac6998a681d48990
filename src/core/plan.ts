import type { DeploymentStep } from "./progress.js";

/** One step of a plan, in the order of its execution. */
export interface PlannedStep {
  step: DeploymentStep;
  /** `skip`: what the step would make is there already. */
  action: "create" | "change" | "delete" | "skip";
  /** One line for a person, in the terms of the platform. */
  message: string;
}

/** What a call would do. */
export interface DeploymentPlan {
  /** The deployment's name. */
  name: string;
  /** `none`: the same is there, finished. `refuse`: the call would be refused, and `reason` says why. */
  action: "create" | "update" | "none" | "refuse";
  reason: string | null;
  /** What differs from what is there, a line each: `machineType: n1-standard-2 → n1-standard-4`. */
  differences: string[];
  steps: PlannedStep[];
}
