/** Rows for a tensor signature: nested arrays of exactly its element type and shape, stacked by the server along a first dimension. */
import type { SignatureField } from "../core/model.js";
import { elementWriter, writeAny } from "./scalars.js";
import { count, describe, expected, isPlainObject, located, Mismatch, names, quote, refused } from "./words.js";
import { isList, type List, type Write, writeItems } from "./writer.js";

/** The tensors of a model; checks rows with the rules and words of the serving runtime (`tensors.py`). */
export class TensorSchema {
  readonly #tensors: readonly Tensor[];
  readonly #names: readonly string[];
  /** Whether a request may have any number of rows: not where the first dimension is fixed. */
  readonly splittable: boolean;

  /** @returns null for tensors of which one has a type that is not known here. */
  static of(fields: readonly SignatureField[]): TensorSchema | null {
    const tensors = fields.flatMap((field) => Tensor.of(field) ?? []);
    return tensors.length === fields.length ? new TensorSchema(tensors) : null;
  }

  private constructor(tensors: readonly Tensor[]) {
    this.#tensors = tensors;
    this.#names = tensors.flatMap(({ name }) => name ?? []);
    this.splittable = tensors.every(({ batch }) => batch === -1);
  }

  /** The rows as they are sent; a row that needs no change is the given one. */
  write(rows: readonly unknown[]): unknown[] {
    if (this.#names.length === 0) return this.#tensors[0]?.write(rows) ?? [...rows];
    const objects = rows.map((row, number) => this.#byName(row, number));
    const written = this.#tensors.map((tensor) => tensor.write(objects.map((object) => object[tensor.name ?? ""])));
    return rows.map((row, number) => {
      const items = written.map((column) => column[number]);
      const object = objects[number] ?? {};
      if (object !== row && !isPlainObject(row)) return items[0];
      const same = this.#names.every((name, index) => object[name] === items[index]);
      return same ? object : Object.fromEntries(this.#names.map((name, index) => [name, items[index]]));
    });
  }

  #byName(row: unknown, number: number): Record<string, unknown> {
    if (!isPlainObject(row)) {
      if (this.#names.length === 1) return Object.fromEntries([[this.#names[0], row]]);
      throw refused(`instances[${number}]: expected an object with ${names(this.#names)}, got ${describe(row)}`);
    }
    const given = Object.keys(row).filter((name) => row[name] !== undefined);
    const unknown = given.filter((name) => !this.#names.includes(name));
    if (unknown.length > 0) {
      throw refused(
        `instances[${number}]: unknown input ${names(unknown)}; the model's inputs are ${names(this.#names)}`,
      );
    }
    const missing = this.#names.filter((name) => !given.includes(name));
    if (missing.length > 0) throw refused(`instances[${number}]: missing input ${names(missing)}`);
    return given.length === Object.keys(row).length ? row : Object.fromEntries(given.map((name) => [name, row[name]]));
  }
}

/** One tensor: how an item of its batch is checked and written. */
class Tensor {
  readonly #write: Write;
  readonly #label: string;

  static of({ name, "tensor-spec": spec }: SignatureField): Tensor | null {
    const { dtype, shape } = isPlainObject(spec) ? spec : {};
    if (typeof dtype !== "string" || !isShape(shape)) return null;
    const element = elementWriter(dtype);
    const [batch, ...item] = shape;
    return element && batch !== undefined ? new Tensor(name, batch, item, element) : null;
  }

  private constructor(
    readonly name: string | undefined,
    /** How many rows a request must have; -1 for any number. */
    readonly batch: number,
    item: readonly number[],
    element: Write,
  ) {
    this.#label = name === undefined ? "" : `: input ${quote(name)}`;
    // MLflow leaves a single free dimension of objects to the model
    const isAnything = element === writeAny && item.length === 0 && batch === -1;
    this.#write = isAnything ? element : (value) => writeItem(value, item, element);
  }

  /** The items of a batch as they are sent. */
  write(items: readonly unknown[]): unknown[] {
    if (this.batch !== -1 && this.batch !== items.length) {
      throw refused(`expected exactly ${count(this.batch, "instance")}, got ${items.length}`);
    }
    return items.map((item, number) => {
      try {
        return this.#write(item);
      } catch (error) {
        throw located(error, `instances[${number}]${this.#label}`);
      }
    });
  }
}

function isShape(shape: unknown): shape is number[] {
  return Array.isArray(shape) && shape.length > 0 && shape.every((size) => Number.isInteger(size));
}

function writeItem(value: unknown, shape: readonly number[], element: Write): unknown {
  const found = shapeOf(value, shape.length);
  if (!shape.every((wanted, index) => wanted === -1 || wanted === found[index])) {
    throw new Mismatch(`expected ${words(shape)}, got ${words(found)}`);
  }
  return writeNested(value, shape.length, element);
}

function writeNested(value: unknown, depth: number, element: Write): unknown {
  if (depth === 0) return element(value);
  return writeItems(value as List, depth === 1 ? element : (item) => writeNested(item, depth - 1, element));
}

/** The shape of nested arrays, `depth` levels deep and rectangular. */
function shapeOf(value: unknown, depth: number): number[] {
  const shape: number[] = [];
  let level: unknown[] = [value];
  for (let dimension = 0; dimension < depth; dimension++) {
    const lengths = new Set<number>();
    for (const each of level) {
      if (!isList(each)) throw expected(`${depth} levels of arrays`, dimension > 0 ? each : value);
      lengths.add(each.length);
    }
    if (lengths.size > 1) {
      const sorted = [...lengths].sort((one, other) => one - other);
      throw new Mismatch(`its arrays have different lengths (${sorted.join(", ")})`);
    }
    shape.push([...lengths][0] ?? 0);
    if (dimension < depth - 1) level = level.flatMap((each) => [...(each as List)]);
  }
  return shape;
}

function words(shape: readonly number[]): string {
  const sizes = shape.map((size) => (size === -1 ? "any" : size)).join(" x ");
  return shape.length > 0 ? `an array of ${sizes} values` : "a single value";
}
