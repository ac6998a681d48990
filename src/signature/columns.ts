/** Rows for a column signature: arrays in the signature's order, objects by name, or bare values of a single column. */
import type { SignatureField } from "../core/model.js";
import { cellOf, copyOf, type Form, isAbsent, setCell } from "./cells.js";
import { type Kind, kindOf } from "./nested.js";
import { isBase64Object } from "./scalars.js";
import { count, describe, isPlainObject, located, names, quote, refused } from "./words.js";
import { isList } from "./writer.js";

interface Column {
  /** Its name, or its position if columns have none. */
  key: string | number;
  required: boolean;
  kind: Kind;
}

/** The columns of a model; checks rows with the rules and words of the serving runtime (`columns.py`). */
export class ColumnSchema {
  readonly #columns: readonly Column[];
  readonly #keys: ReadonlySet<unknown>;
  readonly #named: boolean;
  /** Only one column that has no name and is itself an array, object or map takes a row as it is. */
  readonly #rowIsValue: boolean;
  readonly #onlyBinary: boolean;
  /** Rows of a column signature never depend on each other. */
  readonly splittable = true;

  readonly #rowByRow: boolean;

  /**
   * @param rowByRow - Whether the model gets each row by itself.
   * @returns null for columns of which one has a type that is not known here, or the name of another: no server starts for those.
   */
  static of(fields: readonly SignatureField[], rowByRow: boolean): ColumnSchema | null {
    const columns: Column[] = [];
    for (const [position, field] of fields.entries()) {
      const kind = kindOf(field);
      if (!kind) return null;
      // MLflow's own default for an absent `required` is false where the type is no scalar
      const required = field.required ?? kind.form === "scalar";
      columns.push({ key: field.name ?? position, required, kind });
    }
    if (new Set(columns.map(({ key }) => key)).size < columns.length) return null;
    return new ColumnSchema(columns, fields[0]?.name !== undefined, rowByRow);
  }

  private constructor(columns: readonly Column[], named: boolean, rowByRow: boolean) {
    this.#columns = columns;
    this.#rowByRow = rowByRow;
    this.#named = named;
    this.#keys = new Set(columns.map(({ key }) => key));
    const [only] = columns.length === 1 ? columns : [];
    this.#rowIsValue = !named && only !== undefined && only.kind.form !== "scalar";
    this.#onlyBinary = only?.kind.name === "binary";
  }

  /** The rows as they are sent; a row that needs no change is the given one. */
  write(rows: readonly unknown[]): unknown[] {
    const written = [...rows];
    const forms = rows.map((row, number) => {
      const form = this.#form(row, number);
      if (form === "array" && !Array.isArray(row)) written[number] = [...(row as unknown[])];
      if (form === "object") written[number] = this.#byName(row as Record<string, unknown>, number);
      return form;
    });
    for (const [position, column] of this.#columns.entries()) this.#writeColumn(column, position, written, forms, rows);
    return written;
  }

  #form(row: unknown, number: number): Form {
    if (this.#rowIsValue) return "bare";
    if (this.#named && isPlainObject(row) && !this.#isBareBinary(row)) return "object";
    if (isList(row) && !(this.#onlyBinary && row instanceof Uint8Array)) {
      if (row.length === this.#columns.length) return "array";
      throw refused(`instances[${number}]: expected ${this.#shape()}, got ${count(row.length, "value")}`);
    }
    if (this.#columns.length === 1) return "bare";
    throw refused(`instances[${number}]: expected ${this.#shape()}, got ${describe(row)}`);
  }

  #isBareBinary(row: Record<string, unknown>): boolean {
    return this.#onlyBinary && isBase64Object(row) && !this.#keys.has("b64");
  }

  /** The row itself, or a copy without properties that are undefined, which are absent ones. */
  #byName(row: Record<string, unknown>, number: number): Record<string, unknown> {
    let known = 0;
    let unusual = false;
    for (const key of Object.keys(row)) {
      if (row[key] === undefined || !this.#keys.has(key)) unusual = true;
      else known++;
    }
    if (!unusual && known === this.#columns.length) return row;
    const present = Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined));
    const unknown = Object.keys(present).filter((key) => !this.#keys.has(key));
    if (unknown.length > 0) {
      throw refused(
        `instances[${number}]: unknown ${columnNames(unknown)}; the model's columns are ${names(this.#columns.map(({ key }) => key))}`,
      );
    }
    const missing = this.#columns.filter(({ key, required }) => required && !Object.hasOwn(present, key));
    if (missing.length > 0)
      throw refused(`instances[${number}]: missing ${columnNames(missing.map(({ key }) => key))}`);
    return unusual ? present : row;
  }

  #writeColumn(
    column: Column,
    position: number,
    written: unknown[],
    forms: readonly Form[],
    rows: readonly unknown[],
  ): void {
    const { key, required, kind } = column;
    if (!this.#rowByRow && !required && (kind.name === "integer" || kind.name === "long")) {
      refuseNumbersBesideNulls(column, position, written, forms);
    }
    const nullAllowed = !required || kind.form === "any";
    // beside rows that have it, null is what the model gets; in a request without them, no column at all
    const staysAbsent =
      !required && (this.#rowByRow || written.every((row, number) => isAbsent(row, forms[number], key, position)));
    for (let number = 0; number < written.length; number++) {
      const row = written[number];
      const form = forms[number];
      const cell = cellOf(row, form, key, position);
      if (cell === undefined && form === "object" && staysAbsent) continue;
      if (cell === null && nullAllowed) continue;
      const value = cell === undefined && nullAllowed ? null : writeCell(kind, cell, number, key);
      if (value === cell) continue;
      if (form === "bare") {
        written[number] = value;
        continue;
      }
      const copy = row === rows[number] ? (written[number] = copyOf(row)) : row;
      setCell(copy as object, form === "array" ? position : key, value);
    }
  }

  #shape(): string {
    const values = count(this.#columns.length, "value");
    if (!this.#named) return `an array of ${values}`;
    return `an array of ${values} (for ${names(this.#columns.map(({ key }) => key))}) or an object`;
  }
}

function writeCell(kind: Kind, cell: unknown, number: number, key: string | number): unknown {
  try {
    return kind.write(cell);
  } catch (error) {
    throw located(error, `instances[${number}]: column ${quote(key)}`);
  }
}

/** MLflow has no null for whole numbers: nulls alone are the absent column, and a mixture it refuses. */
function refuseNumbersBesideNulls(
  { key, kind }: Column,
  position: number,
  rows: readonly unknown[],
  forms: readonly Form[],
): void {
  const isNull = (row: unknown, number: number) => (cellOf(row, forms[number], key, position) ?? null) === null;
  const firstNull = rows.findIndex(isNull);
  if (firstNull < 0 || rows.every(isNull)) return;
  throw refused(
    `instances[${firstNull}]: column ${quote(key)}: MLflow cannot mix null and numbers in a column of type ${kind.name}; ` +
      "send the rows without it in a request of their own, or log the model with double",
  );
}

function columnNames(values: readonly (string | number)[]): string {
  return `${values.length === 1 ? "column" : "columns"} ${names(values)}`;
}
