import { type Operation, OperationFailedError } from "../../../core/operation.js";
import type { MlApi, Version } from "./ml-api.js";
import { deleteEmptyModel } from "./model-manager.js";
import { modelOf, versionResourceName } from "./resource-names.js";
import { removeFailed } from "./version-removal.js";

/** Milliseconds. */
const longestCleanUpMs = 5 * 60_000;

/** Makes a result of the version that an operation has made. */
type Convert<T> = (made: Version, signal: AbortSignal | undefined) => T | Promise<T>;

/**
 * Starts to make a version of a model. What an earlier attempt has left under its name goes first, and what this one
 * leaves goes when it fails for good: the version in the state `FAILED`, and the model if it has no other.
 */
export async function createVersion<T>(
  ml: MlApi,
  model: string,
  requestBody: Version,
  convert: Convert<T>,
  signal: AbortSignal | undefined,
): Promise<Operation<T>> {
  const name = versionResourceName(model, requestBody.name ?? "");
  await removeFailed(ml, name, signal);
  const doing = `Creating the model version ${name}`;
  try {
    const started = await ml.call({ doing, signal }, (api, settings) =>
      api.models.versions.create({ parent: model, requestBody }, settings),
    );
    return versionCreation(ml, started.name, doing, convert, name);
  } catch (error) {
    const refusal = OperationFailedError.fromRefusal(error);
    throw refusal ? await cleanedUp(refusal, ml, () => Promise.resolve(name)) : error;
  }
}

/**
 * The creation of a version, by its operation. A failure for good takes away what it leaves, whoever has started it.
 *
 * @param version - Its full name, where it is known. Default: the operation's metadata says it.
 */
export function versionCreation<T>(
  ml: MlApi,
  operationName: string | null | undefined,
  doing: string,
  convert: Convert<T>,
  version?: string,
): Operation<T> {
  const operation = ml.operation(operationName, doing, (response, signal) => convert(response as Version, signal));
  return {
    ...operation,
    async wait(options) {
      try {
        return await operation.wait(options);
      } catch (error) {
        if (!OperationFailedError.is(error)) throw error;
        throw await cleanedUp(error, ml, async (signal) => version ?? ml.versionOf(operation.name, signal));
      }
    },
  };
}

/** Takes away what a creation that failed for good has left, and gives the error to throw. */
async function cleanedUp(
  failure: OperationFailedError,
  ml: MlApi,
  versionName: (signal: AbortSignal) => Promise<string | null>,
): Promise<OperationFailedError> {
  // not the caller's signal: cleaning up is what remains to be done when the caller has stopped
  const signal = AbortSignal.timeout(longestCleanUpMs);
  try {
    const name = await versionName(signal);
    if (name === null) return failure;
    await removeFailed(ml, name, signal);
    await deleteEmptyModel(ml, modelOf(name), signal);
    return failure;
  } catch (error) {
    const left = `What it left could not be cleaned up (${(error as Error).message}): the same call run again does it, or deleteDeployment.`;
    return new OperationFailedError(failure.code, `${failure.message} ${left}`, { cause: failure });
  }
}
