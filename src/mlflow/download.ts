import { createWriteStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";

import pLimit from "p-limit";

import type { Clock } from "../core/clock.js";
import { DeploymentError, throwIfCancelled } from "../core/errors.js";
import type { ModelFile } from "../core/model.js";
import type { StepContext } from "../core/progress.js";
import type { Artifact } from "./artifact.js";
import { Checksums } from "./checksums.js";
import { withoutCredentials } from "./printable-uri.js";

/** Files at once. */
const concurrency = 8;
const attempts = 3;
/** Milliseconds without a byte after which a transfer counts as dead. */
const silenceTimeout = 60_000;
/** Milliseconds between two reports of progress. */
const reportInterval = 200;

/** Brings the files of one model to a directory, in constant memory, and takes their checksums on the way. */
export class Download {
  readonly #directory: string;
  readonly #context: StepContext;
  readonly #clock: Clock;
  readonly #totalFiles: number;
  readonly #totalBytes: number;
  #files = 0;
  #bytes = 0;
  #lastReport = 0;

  /** @param artifacts All files of the model, for the totals of the progress. */
  constructor(artifacts: readonly Artifact[], directory: string, context: StepContext, clock: Clock) {
    this.#directory = directory;
    this.#context = context;
    this.#clock = clock;
    this.#totalFiles = artifacts.length;
    this.#totalBytes = artifacts.reduce((sum, artifact) => sum + artifact.size, 0);
  }

  /**
   * Brings some of the files. When one fails, the others stop, and nothing is written any more once this rejects.
   *
   * @throws DeploymentError `TEMPORARILY_UNAVAILABLE` when a file arrives in another size than listed, three times.
   */
  async fetch(artifacts: readonly Artifact[]): Promise<ModelFile[]> {
    const stop = new AbortController();
    const signal = this.#context.signal ? AbortSignal.any([this.#context.signal, stop.signal]) : stop.signal;
    const limit = pLimit(concurrency);
    let failure: unknown;
    const results = await Promise.all(
      artifacts.map((artifact) =>
        limit(async () => {
          if (signal.aborted) return null;
          return this.#fetchOne(artifact, { ...this.#context, signal }).catch((error: unknown) => {
            failure ??= error;
            stop.abort();
            return null;
          });
        }),
      ),
    );
    throwIfCancelled(this.#context.signal, "Downloading the model");
    if (failure !== undefined) throw failure;
    return results.filter((file) => file !== null);
  }

  async #fetchOne(artifact: Artifact, context: StepContext): Promise<ModelFile> {
    for (let attempt = 1; ; attempt++) {
      const before = this.#bytes;
      try {
        const file = await this.#transfer(artifact, context);
        this.#files++;
        this.#report(true);
        return file;
      } catch (error) {
        const failure = transferFailure(error, artifact);
        if (!failure.retryable || attempt === attempts || context.signal?.aborted) throw failure;
        this.#bytes = Math.min(this.#bytes, before);
        await this.#clock.sleep(500 * 2 ** (attempt - 1), context.signal);
      }
    }
  }
}
