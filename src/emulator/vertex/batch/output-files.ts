import { once } from "node:events";
import { PassThrough } from "node:stream";

import type { ObjectStore } from "../../cloud-storage/object-store.js";
import type { Source } from "./instances.js";
import type { Status } from "./job-record.js";

/** `partial_failures`: "This field never exceeds 20 entries". */
const mostPartialFailures = 20;
/** How many kinds of errors are counted apart; a model may make one of each instance. */
const mostKinds = 1000;

/** A directory of a bucket. */
export interface Directory {
  bucket: string;
  /** With a slash at its end. */
  prefix: string;
}

/**
 * What a job leaves in its directory, written while it runs. The names are those of files that users of the service have
 * published, and `errors_0001.jsonl` that of the contract, which is the only one that says which instances failed.
 */
export class OutputFiles {
  readonly #objects: ObjectStore;
  readonly #directory: Directory;
  readonly #results: OutputFile[];
  #errors: OutputFile | undefined;
  readonly #kinds = new Map<string, { status: Status; count: number }>();
  #next = 0;

  /** @param shards How many files the predictions are spread over. */
  constructor(objects: ObjectStore, directory: Directory, shards: number) {
    this.#objects = objects;
    this.#directory = directory;
    this.#results = Array.from({ length: shards }, (_, index) =>
      this.#file(`prediction.results-${fiveDigits(index)}-of-${fiveDigits(shards)}`, "application/jsonl"),
    );
  }

  /** The errors of instances, each kind once. */
  get partialFailures(): Status[] {
    return [...this.#kinds.values()].slice(0, mostPartialFailures).map(({ status }) => status);
  }

  /** Writes the predictions of a batch to the file whose turn it is. */
  async succeeded(predictions: readonly { source: Source; prediction: unknown }[]): Promise<void> {
    const file = this.#results[this.#next]!;
    this.#next = (this.#next + 1) % this.#results.length;
    const lines = predictions.map(({ source, prediction }) => `${JSON.stringify({ ...source, prediction })}\n`);
    await file.write(lines.join(""));
  }

  /** Notes an instance without a prediction. */
  async failed(source: Source, error: Status): Promise<void> {
    this.#errors ??= this.#file("errors_0001.jsonl", "application/jsonl");
    const kind = this.#kinds.get(error.message);
    if (kind) kind.count++;
    else if (this.#kinds.size < mostKinds) this.#kinds.set(error.message, { status: error, count: 1 });
    await this.#errors.write(`${JSON.stringify({ ...source, error })}\n`);
  }

  /** Makes objects of what has been written. */
  async close(): Promise<void> {
    const stats = this.#file("prediction.errors_stats-00000-of-00001", "text/plain");
    for (const { status, count } of this.#kinds.values()) {
      await stats.write(`(${pythonText(status.message)}, ${count})\n`);
    }
    await Promise.all([...this.#results, stats, ...(this.#errors ? [this.#errors] : [])].map((each) => each.close()));
  }

  #file(name: string, contentType: string): OutputFile {
    const { bucket, prefix } = this.#directory;
    return new OutputFile(this.#objects, bucket, `${prefix}${name}`, contentType);
  }
}

/** One object, on its way into a bucket. */
class OutputFile {
  readonly #content = new PassThrough();
  readonly #written: Promise<unknown>;

  constructor(objects: ObjectStore, bucket: string, object: string, contentType: string) {
    this.#content.on("error", () => {}); // it is that of the write, which says more
    this.#written = objects.write(bucket, object, this.#content, contentType);
    this.#written.catch(() => {}); // seen by `write` and `close`
  }

  async write(text: string): Promise<void> {
    if (this.#content.write(text)) return;
    await Promise.race([once(this.#content, "drain"), this.#written]);
  }

  async close(): Promise<void> {
    this.#content.end();
    await this.#written;
  }
}

function fiveDigits(number: number): string {
  return String(number).padStart(5, "0");
}

/** Text as Python's `repr` writes it: Google writes the pairs of an error and its count so. */
function pythonText(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escapes: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\" };
  // oxlint-disable-next-line no-control-regex
  const escaped = text.replace(/[\u0000-\u001F\u007F\\'"]/g, (character) => {
    if (character === "'" || character === '"') return character === quote ? `\\${character}` : character;
    return escapes[character] ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
  return `${quote}${escaped}${quote}`;
}
