import type { Predictions } from "./deployment.js";
import { DeploymentError } from "./errors.js";
import { parseExactJson } from "./exact-json.js";
import { type ArrayOf, type ArrayType, toTypedArray } from "./typed-array.js";

/**
 * Keys of a response that have the name of a method: kept for JSON alone. Not in a private field, which would set apart the
 * types of two installed copies of this package.
 */
const shadowing = new WeakMap<object, Record<string, unknown>>();

/** The fields of a response. */
const known: ReadonlySet<string> = new Set([
  "predictions",
  "deployedModelId",
  "model",
  "modelVersionId",
  "modelDisplayName",
  "metadata",
] satisfies (keyof Predictions)[]);

/** What `predict` gives: the predictions, who made them, and ways to read them (`mlflow.deployments.PredictionsResponse`). */
export class PredictionsResponse<Output = unknown> implements Predictions {
  /** One for each row, in their order. An integer beyond 2^53 is a BigInt. */
  readonly predictions: Output[];
  /** Which deployed model answered. */
  readonly deployedModelId: string | null;
  readonly model: string | null;
  readonly modelVersionId: string | null;
  readonly modelDisplayName: string | null;
  /** Whatever else the platform's answer holds. */
  readonly metadata: Record<string, unknown> | null;

  constructor(content: { predictions: Output[] } & Partial<Predictions>) {
    // keys that are not known here are kept, as MLflow keeps them
    for (const key of Object.keys(content)) {
      if (!known.has(key)) keep(this, key, (content as Record<string, unknown>)[key]);
    }
    this.predictions = content.predictions;
    this.deployedModelId = content.deployedModelId ?? null;
    this.model = content.model ?? null;
    this.modelVersionId = content.modelVersionId ?? null;
    this.modelDisplayName = content.modelDisplayName ?? null;
    this.metadata = content.metadata ?? null;
  }

  /**
   * Reads the JSON text of a response, such as `JSON.stringify` makes of one or a serving container answers. A whole number
   * beyond 2^53 is a BigInt.
   *
   * @throws DeploymentError `INVALID_PARAMETER_VALUE` for what is no JSON, or has no list `predictions`.
   */
  static fromJSON(text: string): PredictionsResponse {
    let content: unknown;
    try {
      content = parseExactJson(text);
    } catch (error) {
      throw invalid("Predictions response contents are not valid JSON.", error);
    }
    if (typeof content !== "object" || content === null || !("predictions" in content)) {
      throw invalid(
        `Invalid response. Predictions response contents must be a dictionary containing a 'predictions' field. Instead, received: ${text.slice(0, 200)}`,
      );
    }
    if (!Array.isArray(content.predictions)) throw invalid("Invalid response. The field 'predictions' must be a list.");
    return new PredictionsResponse(content as Predictions);
  }

  /** The content as plain data: without what the platform did not say. */
  content(): Record<string, unknown> {
    return Object.fromEntries(
      [...Object.entries(this), ...Object.entries(shadowing.get(this) ?? {})].filter(([, value]) => value !== null),
    );
  }

  /** The content, for `JSON.stringify`, which takes no BigInt: one is the text of its digits. */
  toJSON(): Record<string, unknown> {
    return Object.fromEntries(Object.entries(this.content()).map(([key, value]) => [key, withDigits(value)]));
  }

  /** The predictions as rows of cells: of an object its values in the order of {@link columns}, of a scalar the one. */
  rows(): unknown[][] {
    const columns = Object.values(this.columns());
    return this.predictions.map((_, row) => columns.map((column) => column[row]));
  }

  /**
   * The predictions column by column, as of a data frame: by the names of objects, by the position in arrays (`"0"`,
   * `"1"`), `"0"` for scalars. A cell that a row lacks is null.
   */
  columns(): Record<string, unknown[]> {
    const cells = this.predictions.map(cellsOf);
    const names = new Set(cells.flatMap((row) => [...row.keys()]));
    return Object.fromEntries([...names].map((name) => [name, cells.map((row) => row.get(name) ?? null)]));
  }

  /**
   * The predictions as one typed array in row-major order, with its shape: `[[1, 2], [3, 4]]` has the shape `[2, 2]`.
   *
   * @param type - Default `float64`, in which null is NaN. `int64` and `uint64` are arrays of BigInt.
   * @throws DeploymentError `INVALID_PARAMETER_VALUE` for predictions that are no numbers or booleans, are of different
   * lengths, or do not fit the type.
   */
  typedArray<Type extends ArrayType = "float64">(type?: Type): { data: ArrayOf<Type>; shape: number[] } {
    return toTypedArray(this.predictions, (type ?? "float64") as Type);
  }
}

function keep(response: PredictionsResponse, key: string, value: unknown): void {
  if (!(key in PredictionsResponse.prototype)) Object.assign(response, { [key]: value });
  else shadowing.set(response, { ...shadowing.get(response), [key]: value });
}

/** The same data with the digits of each BigInt in its place. What holds none stays the same object. */
function withDigits(value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (Array.isArray(value)) {
    const items = value.map(withDigits);
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  const entries = Object.entries(value);
  const written = entries.map(([key, item]) => [key, withDigits(item)] as const);
  return written.some(([, item], index) => item !== entries[index]?.[1]) ? Object.fromEntries(written) : value;
}

function cellsOf(prediction: unknown): Map<string, unknown> {
  if (Array.isArray(prediction)) return new Map(prediction.map((cell, index) => [String(index), cell]));
  if (typeof prediction === "object" && prediction !== null) return new Map(Object.entries(prediction));
  return new Map([["0", prediction]]);
}

function invalid(message: string, cause?: unknown): DeploymentError {
  return new DeploymentError("INVALID_PARAMETER_VALUE", message, { cause });
}
