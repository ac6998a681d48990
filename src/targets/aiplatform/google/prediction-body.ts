import { DeploymentError } from "../../../core/errors.js";

/** The most bytes of a prediction request. */
export interface RequestLimit {
  bytes: number;
  /** Whose limit it is, as the subject of a sentence: `Vertex AI takes`. */
  taker: string;
  /** Where it holds, as the end of that sentence: ` on a shared endpoint`. */
  where: string;
  /** What to do about a request that exceeds it. */
  advice: string;
}

/**
 * The text of a prediction request.
 *
 * JSON would change some values silently: `NaN` becomes `null`, `undefined` disappears, a `Map` becomes `{}`.
 *
 * @param request - The fields of the body; one that is undefined is left out.
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` that names such a value by its path, or the limit that the text
 * exceeds.
 */
export function predictionBody(request: Record<string, unknown>, limit: RequestLimit): string {
  const fields = Object.entries(request).filter(([, value]) => value !== undefined);
  for (const [name, value] of fields) check(value, name, new Set());
  const text = JSON.stringify(Object.fromEntries(fields));
  const bytes = Buffer.byteLength(text);
  if (bytes > limit.bytes) throw tooLarge(bytes, limit);
  return text;
}

function check(value: unknown, path: string, above: Set<object>): void {
  switch (typeof value) {
    case "string":
    case "boolean":
      return;
    case "number":
      if (!Number.isFinite(value)) throw refused(path, `${value}`, "Send null for a missing number.");
      return;
    case "object":
      if (value !== null) checkObject(value, path, above);
      return;
    case "undefined":
      throw refused(path, "undefined", "Send null for a missing value, or leave the key out.");
    case "bigint":
      throw refused(path, "a BigInt", "Send a number or a string.");
    default:
      throw refused(path, `a ${typeof value}`, "Send data only.");
  }
}

function checkObject(value: object, path: string, above: Set<object>): void {
  if (above.has(value)) throw refused(path, "an object that holds itself", "Send data only.");
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw refused(path, "an invalid date", "Send null for a missing value.");
    return;
  }
  above.add(value);
  if (Array.isArray(value)) {
    // not forEach: it would pass over the holes of a sparse array
    for (let index = 0; index < value.length; index++) check(value[index], `${path}[${index}]`, above);
  } else if (isPlain(value)) {
    for (const [key, part] of Object.entries(value)) check(part, `${path}${step(key)}`, above);
  } else {
    throw refused(
      path,
      `a ${value.constructor?.name || "class instance"}`,
      "Send arrays and plain objects; Array.from makes an array of a typed one.",
    );
  }
  above.delete(value);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}

function step(key: string): string {
  return /^[A-Za-z_]\w*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

function refused(path: string, what: string, instead: string): DeploymentError {
  return new DeploymentError("INVALID_PARAMETER_VALUE", `${path} is ${what}, which JSON cannot hold. ${instead}`);
}

function tooLarge(bytes: number, limit: RequestLimit): DeploymentError {
  return new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The prediction request has ${megabytes(bytes)}; ${limit.taker} ${megabytes(limit.bytes)}${limit.where}. ${limit.advice}`,
  );
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
