/** Writers of values: what they are made of, and the two containers of JSON. */
import { inside, isTypedArray } from "./words.js";

/**
 * From a value to what stands for it in JSON: the value itself, if nothing has to change. Throws a {@link Mismatch} for a value that
 * the type does not take.
 */
export type Write = (value: unknown) => unknown;

export type List = readonly unknown[] | NodeJS.TypedArray;

export function isList(value: unknown): value is List {
  return Array.isArray(value) || isTypedArray(value);
}

/** Writes the items of an array. Gives the array itself if no item changes. */
export function writeItems(list: List, write: Write): unknown[] {
  let copy: unknown[] | undefined = Array.isArray(list) ? undefined : Array.from<unknown>({ length: list.length });
  let index = 0;
  try {
    for (; index < list.length; index++) {
      const written = write(list[index]);
      if (written !== list[index]) copy ??= [...(list as unknown[])];
      if (copy) copy[index] = written;
    }
  } catch (error) {
    throw inside(error, index);
  }
  return copy ?? (list as unknown[]);
}

/** Writes the properties of an object, of which an undefined one is none. Gives the object itself if none changes. */
export function writeProperties(
  object: Readonly<Record<string, unknown>>,
  write: (value: unknown, name: string) => unknown,
): Record<string, unknown> {
  const properties: [string, unknown][] = [];
  let changed = false;
  for (const name of Object.keys(object)) {
    const value = object[name];
    let written: unknown;
    try {
      written = value === undefined ? undefined : write(value, name);
    } catch (error) {
      throw inside(error, name);
    }
    if (written !== value || value === undefined) changed = true;
    if (written !== undefined) properties.push([name, written]);
  }
  return changed ? Object.fromEntries(properties) : object;
}
