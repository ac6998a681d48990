/** A typed array, whose elements are the cells of a column or the rows of a tensor. */
export type TypedArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

/**
 * The cells of one column, or the batch of one named tensor: a list, or pandas' table of cells by the names of their rows. As keys
 * of an object, names that are whole numbers stand in the order of the numbers, whatever the order in which they were written;
 * a Map keeps that.
 */
export type Column<Cell = unknown> =
  | readonly Cell[]
  | TypedArray
  | ReadonlyMap<string | number, Cell>
  | Readonly<Record<number, Cell>>
  | Readonly<Record<string, Cell>>;

/** Columns of the same length by their names, of a row that is an object. */
type Columns<Row> = unknown extends Row
  ? Readonly<Record<string, Column>>
  : Row extends readonly unknown[]
    ? never
    : Row extends object
      ? { readonly [Name in keyof Row]: Column<Row[Name]> }
      : never;

/** A data frame as pandas' `orient="split"` writes it; without `columns` its rows are arrays. */
export interface SplitFrame {
  columns?: readonly (string | number)[] | undefined;
  index?: readonly unknown[] | undefined;
  data: readonly (readonly unknown[])[];
}

/**
 * What `predict` takes for the rows of a request. Each form comes to the same rows:
 *
 * - rows: an array with an array, an object or a bare value for each;
 * - `{ instances }` and `{ dataframe_records }` with rows in them, as Vertex AI and MLflow name them;
 * - `{ dataframe_split: { columns, data } }`, or `{ columns, data }` as pandas writes it;
 * - columns by their names, `{ a: [1, 2], b: ["x", "y"] }`, as lists, typed arrays, or pandas' `{ a: { 0: 1, 1: 2 } }`;
 * - `{ inputs }` with rows, with columns or named tensors, each a batch of as many rows, or with the one row's cells by name;
 * - `{ csv }`, a text with a line of headings, whose cells are read by the model's signature where the target knows it.
 *
 * A form with a name has that one key. A table that has a column of such a name goes into `inputs`.
 */
export type PredictionInputs<Row = unknown> =
  | readonly Row[]
  | TypedArray
  | { readonly instances: readonly Row[] }
  | { readonly dataframe_records: readonly Row[] }
  | { readonly dataframe_split: SplitFrame }
  | SplitFrame
  | { readonly inputs: readonly Row[] | TypedArray | Columns<Row> | Row }
  | { readonly csv: string }
  | Columns<Row>;
