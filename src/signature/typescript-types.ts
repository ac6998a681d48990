import type { SignatureField } from "../core/model.js";

/** Which way values go: a type of the signature takes more in TypeScript than a model gives back. */
export type Direction = "input" | "output";

/** The types of a signature in TypeScript, as values are given to `predict`, and as predictions come back. */
const scalars: Record<string, Record<Direction, string>> = {
  boolean: { input: "boolean", output: "boolean" },
  integer: { input: "number", output: "number" },
  // beyond 2^53 it is a BigInt, both ways
  long: { input: "number | bigint", output: "number | bigint" },
  // NaN and infinity come back as null
  float: { input: "number", output: "number | null" },
  double: { input: "number", output: "number | null" },
  string: { input: "string", output: "string" },
  binary: { input: "string | Uint8Array", output: "string" },
  datetime: { input: "string | Date", output: "string" },
};

/** The type of a column, a property, an item, a parameter, or one item of a tensor's batch. */
export function typeOf(field: Pick<SignatureField, "type"> & Record<string, unknown>, direction: Direction): string {
  if (field.type === "tensor") return tensorType(field["tensor-spec"], direction);
  if (field.type === "array") return arrayOf(typeOf(fieldOf(field["items"]), direction));
  if (field.type === "map") return `Record<string, ${typeOf(fieldOf(field["values"]), direction)}>`;
  if (field.type === "object") return objectType(propertiesOf(field["properties"]), direction);
  return Object.hasOwn(scalars, field.type) ? (scalars[field.type]?.[direction] ?? "unknown") : "unknown";
}

/** An object type with these members. */
export function objectType(fields: readonly SignatureField[], direction: Direction): string {
  return `{ ${fields.map((field) => member(field, direction)).join("; ")} }`;
}

/** A member of an interface: `"sepal length (cm)"?: number | null`. */
export function member(field: SignatureField, direction: Direction): string {
  const optional = field.required === false;
  return `${key(field.name ?? "")}${optional ? "?" : ""}: ${typeOf(field, direction)}${optional ? " | null" : ""}`;
}

export function key(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

export function arrayOf(type: string): string {
  return `readonly ${/[|&]|^readonly /.test(type) ? `(${type})` : type}[]`;
}

/** One item of the batch: arrays as deep as the shape has dimensions after the first. */
function tensorType(spec: unknown, direction: Direction): string {
  const { dtype, shape } = (isRecord(spec) ? spec : {}) as { dtype?: unknown; shape?: unknown };
  if (typeof dtype !== "string" || !Array.isArray(shape)) return "unknown";
  let type = elementType(dtype, direction);
  // a single free dimension of objects is whatever the model takes
  if (type === "unknown") return type;
  for (let depth = 1; depth < shape.length; depth++) type = arrayOf(type);
  return type;
}

/** By numpy's names of types: `float64`, `uint8`, `str`, `bytes`. */
function elementType(dtype: string, direction: Direction): string {
  if (/^u?int64$/.test(dtype)) return "number | bigint";
  if (/^u?int\d+$/.test(dtype)) return "number";
  if (/^float\d+$/.test(dtype)) return direction === "input" ? "number" : "number | null";
  if (dtype === "bool") return "boolean";
  if (dtype.startsWith("str")) return "string";
  if (dtype.startsWith("bytes")) return direction === "input" ? "string | Uint8Array" : "string";
  if (dtype.startsWith("datetime64")) return direction === "input" ? "string | Date" : "string";
  return "unknown";
}

function propertiesOf(value: unknown): SignatureField[] {
  return Object.entries(isRecord(value) ? value : {}).map(([name, field]) => ({ ...fieldOf(field), name }));
}

/** MLflow writes a type alone in some places: `"items": "string"`. */
function fieldOf(value: unknown): SignatureField {
  if (isRecord(value) && typeof value["type"] === "string") return { ...value, type: value["type"] };
  return { type: typeof value === "string" ? value : "any" };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
