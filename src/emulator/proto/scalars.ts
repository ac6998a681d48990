import type { FieldType } from "./field-types.js";

type Scalar = { value: unknown } | { /** How Google's error names the type. */ expected: string };

const int32Range = { least: -(2n ** 31n), most: 2n ** 31n - 1n };
const int64Range = { least: -(2n ** 63n), most: 2n ** 63n - 1n };

/** Reads a scalar by proto3's JSON mapping: numbers may come as strings, enums as names or numbers. */
export function parseScalar(type: FieldType, given: unknown): Scalar {
  switch (type.kind) {
    case "string":
    case "mask":
      return typeof given === "string" ? { value: given } : { expected: "TYPE_STRING" };
    case "bool":
      return typeof given === "boolean" ? { value: given } : { expected: "TYPE_BOOL" };
    case "int32": {
      const parsed = integer(given, int32Range);
      return parsed === undefined ? { expected: "TYPE_INT32" } : { value: Number(parsed) };
    }
    case "int64": {
      const parsed = integer(given, int64Range);
      return parsed === undefined ? { expected: "TYPE_INT64" } : { value: String(parsed) };
    }
    case "double": {
      const isNumber = typeof given === "number" || (typeof given === "string" && given.trim() !== "");
      const parsed = isNumber ? Number(given) : Number.NaN;
      return Number.isFinite(parsed) ? { value: parsed } : { expected: "TYPE_DOUBLE" };
    }
    case "duration":
      return typeof given === "string" && /^-?\d+(\.\d{1,9})?s$/.test(given)
        ? { value: given }
        : { expected: "type.googleapis.com/google.protobuf.Duration" };
    case "enum": {
      const name = Object.keys(type.numbers).find((each) => each === given || type.numbers[each] === given);
      return name === undefined ? { expected: `type.googleapis.com/${type.name}` } : { value: name };
    }
    default:
      throw new Error(`${type.kind} is not a scalar`);
  }
}

function integer(given: unknown, range: { least: bigint; most: bigint }): bigint | undefined {
  const whole =
    typeof given === "number" ? Number.isInteger(given) : typeof given === "string" && /^-?\d+$/.test(given);
  if (!whole) return undefined;
  const parsed = BigInt(given as number | string);
  return parsed >= range.least && parsed <= range.most ? parsed : undefined;
}
