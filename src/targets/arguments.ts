import { DeploymentError } from "../core/errors.js";

/**
 * The name of a deployment. The limit is Vertex AI's for display names, so that a name is good for every target.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` for a name that is none.
 */
export function checkedName(name: string): string {
  // a lone surrogate (Cs) would come back as another character
  // JavaScript passes anything
  if (typeof name === "string" && /^[^\p{Cc}\p{Cs}]{1,128}$/u.test(name) && name.trim() === name) return name;
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The name ${JSON.stringify(name)} must be a text of 1 to 128 characters, none of them a control character or an unpaired surrogate, and no space at either end.`,
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

/** The error for a parameter that was not given. */
export function missingParameter(parameter: string, otherwise: string | null): DeploymentError {
  return new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The parameter ${parameter} is missing. Pass it${otherwise === null ? "" : `, or set ${otherwise}`}.`,
  );
}
