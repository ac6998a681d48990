/** How the cells of a row are found. */
export type Form = "array" | "object" | "bare";

/** The cell of a column; undefined where the row does not have it. */
export function cellOf(row: unknown, form: Form | undefined, key: string | number, position: number): unknown {
  if (form === "array") return (row as unknown[])[position];
  if (form === "bare") return row;
  // not row[key] alone: a column may be called `constructor`
  return Object.hasOwn(row as object, key) ? (row as Record<string, unknown>)[key] : undefined;
}

/** Whether a row that is an object lacks the column. */
export function isAbsent(row: unknown, form: Form | undefined, key: string | number, position: number): boolean {
  return form === "object" && cellOf(row, form, key, position) === undefined;
}

/** Puts a cell into a row that is an array or an object. Not by assignment alone: a new property called `__proto__` would be none. */
export function setCell(row: object, key: string | number, value: unknown): void {
  if (Object.hasOwn(row, key)) (row as Record<string | number, unknown>)[key] = value;
  else Object.defineProperty(row, key, { value, writable: true, enumerable: true, configurable: true });
}

/** A copy of a row, its cells the same. */
export function copyOf(row: unknown): unknown {
  if (Array.isArray(row)) return [...(row as unknown[])];
  return Object.fromEntries(Object.entries(row as Record<string, unknown>));
}
