import { DeploymentError } from "../../../core/errors.js";
import type { Diagnosis } from "../../../core/diagnosis.js";
import type { Call } from "../call.js";

export async function diagnose(_call: Call): Promise<Diagnosis[]> {
  throw new DeploymentError("NOT_IMPLEMENTED", "diagnose is being written.");
}
