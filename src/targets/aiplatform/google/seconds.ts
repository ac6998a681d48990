import { DeploymentError } from "../../../core/errors.js";

/** The longest that Node's timers wait. */
const most = Math.floor((2 ** 31 - 1) / 1000);

/**
 * A time that a variable of the environment says, in seconds.
 *
 * @param otherwise - What is meant where it is not set, or empty.
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` that names the variable.
 */
export function secondsOf(variable: string, otherwise: number): number {
  const text = process.env[variable]?.trim();
  if (!text) return otherwise;
  const seconds = Number(text);
  if (seconds > 0 && seconds <= most) return seconds;
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The environment variable ${variable} must be a number of seconds greater than 0 and at most ${most}.`,
  );
}
