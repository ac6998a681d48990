/**
 * The words in which a value is refused: those of the serving runtime (`templates/serving_runtime/errors.py`), so that a client
 * says what the server would.
 */
import { DeploymentError } from "../core/errors.js";

/** Characters of a value that a message repeats. */
const shown = 60;

/** A value is not what the signature asks for. `path` leads to it inside a nested value, as in `["a"][3]`. */
export class Mismatch extends Error {
  constructor(
    readonly problem: string,
    readonly path = "",
  ) {
    super(problem);
  }

  inside(step: string | number): Mismatch {
    return new Mismatch(this.problem, `[${quote(step)}]${this.path}`);
  }
}

export function expected(what: string, value: unknown): Mismatch {
  return new Mismatch(`expected ${what}, got ${describe(value)}`);
}

/** The error of whatever a writer has thrown, as one of an item or a property. */
export function inside(error: unknown, step: string | number): unknown {
  return error instanceof Mismatch ? error.inside(step) : error;
}

/** The error of whatever a writer has thrown, as one that a user sees. */
export function located(error: unknown, place: string): unknown {
  return error instanceof Mismatch ? refused(`${place}${error.path}: ${error.problem}`) : error;
}

export function refused(message: string): DeploymentError {
  return new DeploymentError("INVALID_PARAMETER_VALUE", message);
}

/** A value in the words of JSON where it has some, short enough for a message. */
export function describe(value: unknown): string {
  if (value === null) return "null";
  switch (typeof value) {
    case "boolean":
      return `boolean ${value}`;
    case "string":
      return `string ${quote(value)}`;
    case "number":
      return Number.isNaN(value) ? "NaN" : `number ${value}`;
    case "bigint":
      return `number ${shorten(String(value))}`;
    case "object":
      return describeObject(value);
    default:
      return typeof value === "undefined" ? "undefined" : `a ${typeof value}`;
  }
}

function describeObject(value: object): string {
  if (Array.isArray(value)) return `an array of ${count(value.length, "value")}`;
  if (isPlainObject(value)) return "an object";
  if (value instanceof Date)
    return Number.isNaN(value.getTime()) ? "an invalid date" : `a date in ${value.getFullYear()}`;
  const name = value.constructor?.name || "class instance";
  return isTypedArray(value) ? `a ${name} of ${count(value.length, "value")}` : `a ${name}`;
}

/** A name as JSON writes it: on one line, whatever it contains. */
export function quote(value: string | number): string {
  return shorten(JSON.stringify(value));
}

/** Names for a message, the first ten of them. */
export function names(values: Iterable<string | number>): string {
  const all = [...values];
  const first = all.slice(0, 10).map(quote).join(", ");
  return all.length <= 10 ? first : `${first} and ${all.length - 10} more`;
}

export function count(number: number, noun: string): string {
  return number === 1 ? `${number} ${noun}` : `${number} ${noun}s`;
}

export function isTypedArray(value: unknown): value is NodeJS.TypedArray {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

/** What JSON writes as an object; of this realm or another. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}

/** By characters, as Python counts them. */
function shorten(text: string): string {
  if (text.length <= shown) return text;
  const characters = Array.from(text);
  return characters.length <= shown ? text : `${characters.slice(0, shown - 1).join("")}…`;
}
