import { writeExactJson } from "../../../core/exact-json.js";
import { checkExactJsonData, checkJsonData } from "../../../core/json-data.js";

/** What stands before the rows. */
const start = '{"instances":[';

/** The text of a prediction request, row by row: each is written once, whichever request it then goes in. */
export class PredictionText {
  /** Whether it holds integers beyond 2^53 as JSON numbers, which only the model's own server reads with all digits. */
  readonly holdsBigInt: boolean;
  /** Bytes of a request with no row. */
  readonly frameBytes: number;
  /** Bytes that all rows add to a request. */
  readonly rowsBytes: number;
  /** The JSON of each row. */
  readonly #rows: readonly string[];
  readonly #bytes: readonly number[];
  /** What stands after the rows: the other fields. */
  readonly #end: string;

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
    const given = Object.entries(fields).filter(([, value]) => value !== undefined);
    const found = [["instances", instances] as const, ...given].map(([name, value]) => {
      if (bigInt === "written") return checkExactJsonData(value, name);
      checkJsonData(value, name);
      return false;
    });
    this.holdsBigInt = found.includes(true);
    const write = this.holdsBigInt ? writeExactJson : (value: unknown) => JSON.stringify(value);
    this.#rows = instances.map(write);
    this.#bytes = this.#rows.map((json) => Buffer.byteLength(json));
    const others = given.map(([name, value]) => `,${JSON.stringify(name)}:${write(value)}`);
    this.#end = `]${others.join("")}}`;
    this.frameBytes = Buffer.byteLength(start + this.#end);
    this.rowsBytes = this.#bytes.reduce((sum, bytes) => sum + bytes + 1, 0);
  }

  /** How many rows there are. */
  get count(): number {
    return this.#rows.length;
  }

  /** Bytes that a row adds to a request. */
  rowBytes(row: number): number {
    // with its comma
    return (this.#bytes[row] ?? 0) + 1;
  }

  /** The body of a request with the rows from `first` up to, and without, `last`. Default: with all. */
  body(first = 0, last = this.count): string {
    const rows = first === 0 && last === this.count ? this.#rows : this.#rows.slice(first, last);
    return `${start}${rows.join(",")}${this.#end}`;
  }
}
