import type { DeploymentError } from "../core/errors.js";
import type { Command, CommandValues } from "./command.js";

/** Commands that go on where they stopped, when they are run again. */
const resumable: ReadonlySet<string> = new Set(["create", "update", "delete"]);

/** Which command helps after a failure; undefined where the error's own message is all there is to say. */
export function hintFor(error: DeploymentError, command: Command, values: CommandValues): string | undefined {
  const target = typeof values["target"] === "string" ? values["target"] : undefined;
  const name = typeof values["name"] === "string" ? values["name"] : undefined;
  if (target === undefined) return undefined;
  const program = (verb: string) => `mlflow-deployments ${verb} -t ${shellWord(target)}`;
  const named = (verb: string) => `${program(verb)} --name ${shellWord(name ?? "")}`;
  switch (error.code) {
    case "UNAUTHENTICATED":
    case "PERMISSION_DENIED":
      return `${program("doctor")} looks at all that a deployment needs.`;
    case "RESOURCE_ALREADY_EXISTS":
      return name === undefined ? undefined : `${named("get")} shows what is there; update changes it.`;
    case "RESOURCE_DOES_NOT_EXIST":
      // what is missing may be a file
      if (
        name === undefined ||
        ["create", "predict-batch"].includes(command.name) ||
        error.message.startsWith("No plugin found")
      )
        return undefined;
      return `${program("list")} shows which deployments there are.`;
    case "FAILED_PRECONDITION":
      // of a deployment that could not be made nothing stays
      return command.name === "update" ? `${named("logs")} shows what its containers wrote.` : undefined;
    case "CANCELLED":
      if (command.name === "predict-batch")
        return /the job goes on/.test(error.message)
          ? "The same command again waits for the job; --job NAME --cancel cancels it."
          : undefined;
      return resumable.has(command.name) ? "The same command again goes on where it stopped." : undefined;
    case "INVALID_PARAMETER_VALUE":
      return settingHint(error.message);
    case "INTERNAL_ERROR":
      return values["verbose"] ? undefined : "--verbose shows where it came from.";
    default:
      return error.retryable ? "It may pass: run the same command again." : undefined;
  }
}

/** Errors speak of settings as a program passes them. */
function settingHint(message: string): string | undefined {
  const setting = /\bconfig\.(\w+)/.exec(message)?.[1];
  return setting === undefined ? undefined : `On the command line that is -C ${setting}=VALUE.`;
}

/** A word as a POSIX shell takes it literally. */
function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
