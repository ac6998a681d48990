import type { ModelSignature } from "../core/model.js";
import { schemaOf } from "./schema.js";
import { untypedWriter } from "./untyped.js";
import { located, quote } from "./words.js";

/** The rows and parameters of a prediction request, as they are sent. */
export interface PreparedRequest {
  /** JSON data; without a signature they may hold BigInt, which only a raw request can carry. */
  instances: unknown[];
  /** As the instances: BigInt only where the model's params are not known. */
  parameters: Record<string, unknown> | undefined;
  /** Whether the rows may go in several requests: not where the signature says how many there are in one. */
  splittable: boolean;
}

/**
 * Checks rows and parameters against a signature, with the words of the serving runtime, and writes them so that the
 * request loses nothing of them:
 *
 * - NaN and infinities of a float type are "NaN", "Infinity", "-Infinity"; a BigInt of type long (int64, uint64) is a number, or a
 *   string of its digits beyond 2^53.
 * - A Date is ISO 8601 in UTC, a Uint8Array of type binary base64, any other typed array an array.
 * - A property that is undefined is an absent one.
 *
 * Where the signature says nothing (it is null, or has no inputs, or types that a newer MLflow has), only what JSON cannot hold is
 * refused, and a Buffer, which might be text or numbers; an integer beyond 2^53 stays a BigInt. In JSON `-0` is `0`: its sign is lost.
 *
 * The rows given are never changed; those that need no change are passed on as they are.
 *
 * @param rows - At least one: an array, an object, or a bare value each.
 * @param signature - Of the model; null where it is not known or has none.
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` that names row, column, what was expected and what it got.
 */
export function prepareRequest(
  rows: readonly unknown[],
  params: Record<string, unknown> | undefined,
  signature: ModelSignature | null,
): PreparedRequest {
  const schema = signature && schemaOf(signature);
  return {
    instances: schema?.rows ? schema.rows.write(rows) : rows.map(writeUntypedRow),
    parameters: prepareParameters(params, signature),
    splittable: schema?.rows?.splittable ?? true,
  };
}

/** The parameters alone, as {@link prepareRequest} has them. */
export function prepareParameters(
  params: Record<string, unknown> | undefined,
  signature: ModelSignature | null,
): Record<string, unknown> | undefined {
  const known = signature && schemaOf(signature).parameters;
  return params && (known ? known.write(params) : writeUntypedParameters(params));
}

const writeUntyped = untypedWriter("no signature says what it is", true);

function writeUntypedRow(row: unknown, number: number): unknown {
  try {
    return writeUntyped(row);
  } catch (error) {
    throw located(error, `instances[${number}]`);
  }
}

function writeUntypedParameters(params: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const given = Object.entries(params).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    given.map(([name, value]) => {
      try {
        return [name, writeUntyped(value)];
      } catch (error) {
        throw located(error, `parameters: ${quote(name)}`);
      }
    }),
  );
}
