import { addAbortSignal, Readable } from "node:stream";

import { unlessAborted } from "../core/abort.js";
import { throwIfCancelled } from "../core/errors.js";
import type { StepContext } from "../core/progress.js";
import type { Artifact } from "./artifact.js";
import { transferFailure, wrongSize } from "./transfer-failure.js";

/** Milliseconds without a byte after which a transfer counts as dead. */
const silenceTimeout = 60_000;

/**
 * The bytes of a file from its store, in constant memory: the next part is read when it is asked for. Whoever takes his time over
 * one is not taken for a silent store.
 *
 * @throws Error When the file is not of the size that was listed, before its end comes; when the store is silent for a minute.
 */
export async function* artifactBytes(artifact: Artifact, context: StepContext): AsyncGenerator<Uint8Array> {
  const silence = new AbortController();
  const signal = AbortSignal.any([silence.signal, ...(context.signal ? [context.signal] : [])]);
  const waiting = () => setTimeout(() => silence.abort(), silenceTimeout);
  let timer = waiting();
  let bytes = 0;
  try {
    const opening = artifact.open({ ...context, signal });
    const source = await unlessAborted(opening, signal).catch((error: unknown) => {
      // a reader may take no notice of the signal
      void opening.then((late) => readable(late).destroy()).catch(() => {});
      throw error;
    });
    for await (const part of addAbortSignal(signal, readable(source))) {
      clearTimeout(timer);
      const chunk = part instanceof Uint8Array ? part : Buffer.from(String(part));
      bytes += chunk.length;
      if (artifact.size > 0 && bytes > artifact.size) throw wrongSize(artifact, `more than ${artifact.size}`);
      yield chunk;
      timer = waiting();
    }
  } catch (error) {
    throw silence.signal.aborted
      ? new Error(`no byte came for ${silenceTimeout / 1000} seconds`, { cause: error })
      : error;
  } finally {
    clearTimeout(timer);
  }
  if (artifact.size > 0 && bytes !== artifact.size) throw wrongSize(artifact, String(bytes));
}

/** As {@link artifactBytes}, for who sends them on: what fails is a `DeploymentError`. */
export async function* storedBytes(artifact: Artifact, context: StepContext): AsyncGenerator<Uint8Array> {
  try {
    yield* artifactBytes(artifact, context);
  } catch (error) {
    throwIfCancelled(context.signal, `Reading the file "${artifact.path}"`);
    throw transferFailure(error, artifact);
  }
}

function readable(source: NodeJS.ReadableStream): Readable {
  return source instanceof Readable ? source : Readable.from(source, { objectMode: false });
}
