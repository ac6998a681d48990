import { invalidArgument, unimplemented } from "./google-error.js";

/**
 * What a field of a request may hold. Beside Google's types:
 * `output` is a field that only Google writes, ignored on input; `stored` is kept and given back but changes nothing;
 * `unsupported` would matter, and the emulator cannot act on it, so it is refused.
 */
type FieldType =
  | "string"
  | "boolean"
  | "int32"
  | "int64"
  | "output"
  | "stored"
  | "unsupported"
  | { enum: readonly string[]; type: string }
  | { list: FieldType }
  | { map: FieldType }
  | { message: Shape };

/** The fields of a message. */
export type Shape = Readonly<Record<string, FieldType>>;

/**
 * Reads a JSON message as strictly as Google's APIs do, and drops what only Google writes.
 *
 * @param at The name of the request's body field, such as `repository`; Google names it in its errors.
 * @throws GoogleError INVALID_ARGUMENT for an unknown field or a wrong type; UNIMPLEMENTED for an `unsupported` one.
 */
export function parseMessage(value: unknown, shape: Shape, at = ""): Record<string, unknown> {
  if (!isObject(value)) throw invalidValue(at, "Message", value);
  const parsed: Record<string, unknown> = {};
  for (const [field, content] of Object.entries(value)) {
    const type = Object.hasOwn(shape, field) ? shape[field] : undefined;
    if (type === undefined) throw unknownName(field, at);
    // in JSON a null is the same as an absent field
    if (type !== "output" && content !== null) parsed[field] = parseField(content, type, at ? `${at}.${field}` : field);
  }
  return parsed;
}

function parseField(value: unknown, type: FieldType, at: string): unknown {
  if (typeof type === "object") return parseCompound(value, type, at);
  switch (type) {
    case "string":
      if (typeof value !== "string") throw invalidValue(at, "TYPE_STRING", value);
      return value;
    case "boolean":
      if (typeof value !== "boolean") throw invalidValue(at, "TYPE_BOOL", value);
      return value;
    case "int32":
      if (!Number.isInteger(Number(value)) || value === "") throw invalidValue(at, "TYPE_INT32", value);
      return Number(value);
    case "int64":
      if (!/^-?\d+$/.test(String(value))) throw invalidValue(at, "TYPE_INT64", value);
      return String(value);
    case "unsupported":
      throw unimplemented(`The emulator does not implement "${at}".`);
    default:
      return value;
  }
}

function parseCompound(value: unknown, type: Exclude<FieldType, string>, at: string): unknown {
  if ("message" in type) return parseMessage(value, type.message, at);
  if ("list" in type) {
    if (!Array.isArray(value)) throw invalidValue(at, "List", value);
    return value.map((item, index) => parseField(item, type.list, `${at}[${index}]`));
  }
  if ("map" in type) {
    if (!isObject(value)) throw invalidValue(at, "Map", value);
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, parseField(item, type.map, `${at}.${key}`)]),
    );
  }
  // an enum may come as its number, which the Python SDK sends
  const name = typeof value === "number" ? type.enum[value] : value;
  if (typeof name !== "string" || !type.enum.includes(name)) {
    throw invalidValue(at, `type.googleapis.com/${type.type}`, value);
  }
  return name;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function unknownName(field: string, at: string) {
  const description = `Invalid JSON payload received. Unknown name "${field}"${at ? ` at '${at}'` : ""}: Cannot find field.`;
  return invalidArgument(description, badRequestDetails(at, description));
}

function invalidValue(at: string, type: string, value: unknown) {
  const description = `Invalid value at '${at}' (${type}), ${JSON.stringify(value)}`;
  return invalidArgument(description, badRequestDetails(at, description));
}

function badRequestDetails(field: string, description: string): unknown[] {
  return [
    {
      "@type": "type.googleapis.com/google.rpc.BadRequest",
      fieldViolations: [{ ...(field ? { field } : {}), description }],
    },
  ];
}
