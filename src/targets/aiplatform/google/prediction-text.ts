import { writeExactJson } from "../../../core/exact-json.js";
import { checkExactJsonData, checkJsonData } from "../../../core/json-data.js";

/** What stands before the rows. */
const start = '{"instances":[';

/** The text of a prediction request; row by row where one request does not hold it. */
export class PredictionText {
  /** Whether it holds integers beyond 2^53 as JSON numbers, which only the model's own server reads with all digits. */
  readonly holdsBigInt: boolean;
  /** Bytes of a request with no row. */
  readonly frameBytes: number;
  /** Bytes that all rows add to a request. */
  readonly rowsBytes: number;
  readonly #instances: readonly unknown[];
  readonly #write: (value: unknown) => string;
  /** The JSON of all rows, without the brackets. */
  readonly #all: string;
  /** What stands after the rows: the other fields. */
  readonly #end: string;
  #rows: readonly RowText[] | undefined;

  /**
   * @param fields - The other fields of the body; one that is undefined is left out.
   * @param bigInt - Whether a BigInt is written or refused.
   * @throws DeploymentError `INVALID_PARAMETER_VALUE` that names a value that JSON cannot hold by its path.
   */
  constructor(
    instances: readonly unknown[],
    fields: Record<string, unknown>,
    { bigInt }: { bigInt: "written" | "refused" },
  ) {
    const holdsBigInt = (value: unknown, name: string): boolean => {
      if (bigInt === "written") return checkExactJsonData(value, name);
      checkJsonData(value, name);
      return false;
    };
    let found = holdsBigInt(instances, "instances");
    const given = Object.entries(fields).filter(([, value]) => value !== undefined);
    for (const [name, value] of given) found = holdsBigInt(value, name) || found;
    this.holdsBigInt = found;
    this.#instances = instances;
    this.#write = found ? writeExactJson : (value) => JSON.stringify(value);
    this.#all = this.#write(instances).slice(1, -1);
    this.#end = `]${given.map(([name, value]) => `,${JSON.stringify(name)}:${this.#write(value)}`).join("")}}`;
    this.frameBytes = Buffer.byteLength(start + this.#end);
    this.rowsBytes = Buffer.byteLength(this.#all);
  }

  /** How many rows there are. */
  get count(): number {
    return this.#instances.length;
  }

  /** Bytes that a row adds to a request. */
  rowBytes(row: number): number {
    // with its comma
    return (this.#written()[row]?.bytes ?? 0) + 1;
  }

  /** The body of a request with all rows. */
  body(): string {
    return start + this.#all + this.#end;
  }

  /** The body of a request with the rows from `first` up to, and without, `last`. */
  bodyOf(first: number, last: number): string {
    if (first === 0 && last === this.count) return this.body();
    const rows = this.#written().slice(first, last);
    return start + rows.map(({ json }) => json).join(",") + this.#end;
  }

  /** Each row once, whichever request it then goes in. */
  #written(): readonly RowText[] {
    this.#rows ??= this.#instances.map((row) => {
      const json = this.#write(row);
      return { json, bytes: Buffer.byteLength(json) };
    });
    return this.#rows;
  }
}

/** The JSON of one row. */
interface RowText {
  json: string;
  bytes: number;
}
