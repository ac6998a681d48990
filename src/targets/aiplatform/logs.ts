import { DeploymentError } from "../../core/errors.js";
import type { Call } from "./call.js";

export async function getLogs(_name: string, _lines: number | undefined, _call: Call): Promise<string[]> {
  throw new DeploymentError("NOT_IMPLEMENTED", "getLogs is being written.");
}
