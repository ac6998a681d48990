import { DeploymentError } from "./errors.js";

/**
 * Refuses what JSON would change silently: `NaN` becomes `null`, `undefined` disappears, a `Map` becomes `{}`.
 *
 * @param path - What messages call the value.
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` that names such a value by its path.
 */
export function checkJsonData(value: unknown, path: string): void {
  check(value, path, () => {
    throw new Refusal("a BigInt", "Send a number or a string.");
  });
}

/**
 * As {@link checkJsonData}, for JSON that is written with all digits of a BigInt (`writeExactJson`).
 *
 * @returns Whether the value holds a BigInt.
 */
export function checkExactJsonData(value: unknown, path: string): boolean {
  let found = false;
  check(value, path, () => {
    found = true;
  });
  return found;
}

/** Why a value is refused, with the way to it from the inside out: to write the path of every value would take longer than the check. */
class Refusal extends Error {
  path = "";

  constructor(
    readonly what: string,
    readonly instead: string,
  ) {
    super(what);
  }
}

function check(value: unknown, path: string, onBigInt: () => void): void {
  try {
    new Check(onBigInt).value(value);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      `${path}${error.path} is ${error.what}, which JSON cannot hold. ${error.instead}`,
    );
  }
}

class Check {
  readonly #above = new Set<object>();
  readonly #onBigInt: () => void;

  constructor(onBigInt: () => void) {
    this.#onBigInt = onBigInt;
  }

  value(value: unknown): void {
    switch (typeof value) {
      case "string":
      case "boolean":
        return;
      case "number":
        if (!Number.isFinite(value)) throw new Refusal(`${value}`, "Send null for a missing number.");
        return;
      case "object":
        if (value !== null) this.#object(value);
        return;
      case "undefined":
        throw new Refusal("undefined", "Send null for a missing value, or leave the key out.");
      case "bigint":
        this.#onBigInt();
        return;
      default:
        throw new Refusal(`a ${typeof value}`, "Send data only.");
    }
  }

  #object(value: object): void {
    if (this.#above.has(value)) throw new Refusal("an object that holds itself", "Send data only.");
    if (value instanceof Date) {
      if (Number.isNaN(value.getTime())) throw new Refusal("an invalid date", "Send null for a missing value.");
      return;
    }
    this.#above.add(value);
    if (Array.isArray(value)) this.#items(value);
    else if (isPlain(value)) this.#properties(value);
    else {
      throw new Refusal(
        `a ${value.constructor?.name || "class instance"}`,
        "Send arrays and plain objects; Array.from makes an array of a typed one.",
      );
    }
    this.#above.delete(value);
  }

  #items(items: readonly unknown[]): void {
    let index = 0;
    try {
      // not forEach: it would pass over the holes of a sparse array
      for (; index < items.length; index++) this.value(items[index]);
    } catch (error) {
      throw inside(error, `[${index}]`);
    }
  }

  #properties(object: object): void {
    let key = "";
    try {
      for (key of Object.keys(object)) this.value((object as Record<string, unknown>)[key]);
    } catch (error) {
      throw inside(error, step(key));
    }
  }
}

function inside(error: unknown, step: string): unknown {
  if (error instanceof Refusal) error.path = `${step}${error.path}`;
  return error;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}

function step(key: string): string {
  return /^[A-Za-z_]\w*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}
