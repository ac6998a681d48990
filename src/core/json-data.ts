import { DeploymentError } from "./errors.js";

/**
 * Refuses what JSON would change silently: `NaN` becomes `null`, `undefined` disappears, a `Map` becomes `{}`.
 *
 * @param path - What messages call the value.
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` that names such a value by its path.
 */
export function checkJsonData(value: unknown, path: string): void {
  new Check((at) => {
    throw refused(at, "a BigInt", "Send a number or a string.");
  }).value(value, path);
}

/**
 * As {@link checkJsonData}, for JSON that is written with all digits of a BigInt (`writeExactJson`).
 *
 * @returns Whether the value holds a BigInt.
 */
export function checkExactJsonData(value: unknown, path: string): boolean {
  let found = false;
  new Check(() => {
    found = true;
  }).value(value, path);
  return found;
}

class Check {
  readonly #above = new Set<object>();
  readonly #onBigInt: (path: string) => void;

  constructor(onBigInt: (path: string) => void) {
    this.#onBigInt = onBigInt;
  }

  value(value: unknown, path: string): void {
    switch (typeof value) {
      case "string":
      case "boolean":
        return;
      case "number":
        if (!Number.isFinite(value)) throw refused(path, `${value}`, "Send null for a missing number.");
        return;
      case "object":
        if (value !== null) this.#object(value, path);
        return;
      case "undefined":
        throw refused(path, "undefined", "Send null for a missing value, or leave the key out.");
      case "bigint":
        this.#onBigInt(path);
        return;
      default:
        throw refused(path, `a ${typeof value}`, "Send data only.");
    }
  }

  #object(value: object, path: string): void {
    if (this.#above.has(value)) throw refused(path, "an object that holds itself", "Send data only.");
    if (value instanceof Date) {
      if (Number.isNaN(value.getTime())) throw refused(path, "an invalid date", "Send null for a missing value.");
      return;
    }
    this.#above.add(value);
    if (Array.isArray(value)) {
      // not forEach: it would pass over the holes of a sparse array
      for (let index = 0; index < value.length; index++) this.value(value[index], `${path}[${index}]`);
    } else if (isPlain(value)) {
      for (const [key, part] of Object.entries(value)) this.value(part, `${path}${step(key)}`);
    } else {
      throw refused(
        path,
        `a ${value.constructor?.name || "class instance"}`,
        "Send arrays and plain objects; Array.from makes an array of a typed one.",
      );
    }
    this.#above.delete(value);
  }
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
