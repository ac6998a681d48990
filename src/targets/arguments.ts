import { DeploymentError } from "../core/errors.js";

/**
 * The name of a deployment. The limit is Vertex AI's for display names, so that a name is good for every target.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` for a name that is none.
 */
export function checkedName(name: string): string {
  if (/^\P{Cc}{1,128}$/u.test(name) && name.trim() === name) return name;
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The name ${JSON.stringify(name)} must have 1 to 128 characters, none of them a control character, and no space at either end.`,
  );
}

/** Characters: it is kept in a record that is read with each call. */
const longestMessage = 1000;

/** A caller's message as it is kept: one line of a terminal must be able to show it. */
export function checkedMessage(message: string | undefined): string | null {
  if (message === undefined || message.trim() === "") return null;
  const text = message.replace(/\p{Cc}+/gu, " ").trim();
  if (text.length <= longestMessage) return text;
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The message has ${text.length} characters; at most ${longestMessage} are kept. Shorten it.`,
  );
}

/** Where a prediction goes: to a deployment, or to whatever an endpoint's traffic split says. */
export type PredictTarget = { deploymentName: string } | { endpoint: string };

/** Where a prediction goes: exactly one of the two. */
export function predictTarget(options: {
  deploymentName?: string | undefined;
  endpoint?: string | undefined;
}): PredictTarget {
  const { deploymentName, endpoint } = options;
  if (deploymentName !== undefined && endpoint === undefined) return { deploymentName };
  if (endpoint !== undefined && deploymentName === undefined) return { endpoint };
  throw new DeploymentError("INVALID_PARAMETER_VALUE", "Must specify exactly one of deploymentName or endpoint.");
}

/** The rows of a prediction, of which there is at least one. */
export function rows(inputs: unknown): readonly unknown[] {
  if (Array.isArray(inputs) && inputs.length > 0) return inputs as unknown[];
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    "inputs must be an array with at least one row, such as [[5.1, 3.5, 1.4, 0.2]].",
  );
}

/** The error for a parameter that was not given. */
export function missingParameter(parameter: string, otherwise: string | null): DeploymentError {
  return new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The parameter ${parameter} is missing. Pass it${otherwise === null ? "" : `, or set ${otherwise}`}.`,
  );
}
