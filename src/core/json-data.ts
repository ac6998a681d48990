import { DeploymentError } from "./errors.js";

/**
 * Refuses what JSON would change silently: `NaN` becomes `null`, `undefined` disappears, a `Map` becomes `{}`.
 *
 * @param path - What messages call the value.
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` that names such a value by its path.
 */
export function checkJsonData(value: unknown, path: string): void {
  check(value, path, new Set());
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
