import { DeploymentError } from "../../core/errors.js";
import type { Deployment } from "../../core/deployment.js";
import type { Operation, WaitOptions } from "../../core/operation.js";
import type { Call } from "./call.js";

export async function inBackground<T>(
  _name: string,
  _call: Call,
  _work: (call: Call) => Promise<T>,
): Promise<Operation<T>> {
  throw new DeploymentError("NOT_IMPLEMENTED", "inBackground is being written.");
}

export async function waitForCall(_name: string, _options: WaitOptions, _call: Call): Promise<Deployment | null> {
  throw new DeploymentError("NOT_IMPLEMENTED", "waitForCall is being written.");
}

export async function cancelCall(_name: string, _call: Call): Promise<void> {
  throw new DeploymentError("NOT_IMPLEMENTED", "cancelCall is being written.");
}
