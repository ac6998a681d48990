import type { ModelSignature } from "../core/model.js";

/** The rows and parameters of a prediction request, as they are sent. */
export interface PreparedRequest {
  /** JSON data; without a signature they may hold BigInt, which only a raw request can carry. */
  instances: unknown[];
  parameters: Record<string, unknown> | undefined;
  /** Whether the rows may go in several requests: not where the signature says how many there are in one. */
  splittable: boolean;
}

/**
 * Checks rows and parameters against a signature, with the words of the serving runtime, and writes them so that the
 * request loses nothing of them.
 *
 * @param rows - At least one: an array, an object, or a bare value each.
 * @param signature - Of the model; null where it is not known or has none, so that only what JSON cannot hold is refused.
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` that names row, column, what was expected and what it got.
 */
export function prepareRequest(
  rows: readonly unknown[],
  params: Record<string, unknown> | undefined,
  _signature: ModelSignature | null,
): PreparedRequest {
  return { instances: [...rows], parameters: params, splittable: true };
}
