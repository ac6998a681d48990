import { describe, isPlainObject, Mismatch } from "./words.js";
import { isList, type Write, writeItems, writeProperties } from "./writer.js";

/**
 * The writer of values that the signature says nothing about: what JSON holds stays as it is, a date is ISO 8601, a typed array an array.
 *
 * @param why - Why nothing is known, for the messages.
 * @param keepsBigInts - Whether an integer beyond 2^53 stays a BigInt.
 */
export function untypedWriter(why: string, keepsBigInts: boolean): Write {
  return (value) => write(value, new Set());

  function write(value: unknown, above: Set<object>): unknown {
    switch (typeof value) {
      case "string":
      case "boolean":
        return value;
      case "number":
        if (Number.isFinite(value)) return value;
        throw refused(Number.isNaN(value) ? "NaN" : String(value), "Send null for a missing number.");
      case "bigint":
        if (Number.isSafeInteger(Number(value))) return Number(value);
        if (keepsBigInts) return value;
        throw refused(`the BigInt ${value}`, "Send its digits as a string if the model takes that.");
      case "object":
        return value === null ? null : writeObject(value, above);
      default:
        throw refused(describe(value), "Send null for a missing value.");
    }
  }

  function writeObject(value: object, above: Set<object>): unknown {
    if (value instanceof Date) {
      if (Number.isNaN(value.getTime())) throw refused("an invalid date", "Send null for a missing value.");
      return value.toISOString();
    }
    if (above.has(value)) throw refused("an object that holds itself", "Send data only.");
    above.add(value);
    const written = writeContainer(value, above);
    above.delete(value);
    return written;
  }

  function writeContainer(value: object, above: Set<object>): unknown {
    if (value instanceof Uint8Array && Buffer.isBuffer(value))
      throw refused(describe(value), 'Send its text in base64, by toString("base64").');
    if (isList(value)) return writeItems(value, (item) => write(item, above));
    if (isPlainObject(value)) return writeProperties(value, (item) => write(item, above));
    throw refused(describe(value), "Send arrays and plain objects.");
  }

  function refused(what: string, instead: string): Mismatch {
    return new Mismatch(`got ${what}, which JSON cannot hold, and ${why}. ${instead}`);
  }
}
