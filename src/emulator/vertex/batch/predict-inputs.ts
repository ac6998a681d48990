import type { Input, Source } from "./instances.js";
import type { Status } from "./job-record.js";
import { PredictionError } from "./job-server.js";
import { mostRequestBytes, tooLarge } from "./read-inputs.js";

/** Where predictions come from and go to. */
export interface Predicting {
  /** `JobServer.predict`. */
  predict: (body: string, count: number) => Promise<unknown[]>;
  succeeded: (predictions: readonly { source: Source; prediction: unknown }[]) => Promise<void>;
  failed: (source: Source, error: Status) => Promise<void>;
  /** The most instances of a request. */
  batchSize: number;
  /** `modelParameters`, unless there are none. */
  parameters: unknown;
  signal: AbortSignal;
}

/** An instance, as JSON. */
interface Item {
  source: Source;
  json: string;
}

const invalidArgument = 3;

/**
 * Gets predictions of instances in batches, one batch after the other. Those of a batch that fails are sent again one by
 * one, so that each has an error of its own, or a prediction.
 *
 * @throws GoogleError when the model's server is lost.
 */
export async function predictInputs(inputs: AsyncIterable<Input>, predicting: Predicting): Promise<void> {
  const { batchSize, parameters, signal } = predicting;
  const ending = parameters === undefined ? "]}" : `],"parameters":${JSON.stringify(parameters)}}`;
  const room = mostRequestBytes - Buffer.byteLength(`{"instances":[${ending}`);
  let batch: Item[] = [];
  let bytes = 0;
  const flush = async () => {
    const items = batch;
    batch = [];
    bytes = 0;
    if (items.length > 0) await predictBatch(items, ending, predicting);
  };
  for await (const input of inputs) {
    signal.throwIfAborted();
    if ("problem" in input) {
      await predicting.failed(input.source, { code: invalidArgument, message: input.problem });
      continue;
    }
    const json = JSON.stringify(input.instance);
    const size = Buffer.byteLength(json) + 1;
    if (size > room) {
      await predicting.failed(input.source, { code: invalidArgument, message: tooLarge(size) });
      continue;
    }
    if (bytes + size > room) await flush();
    batch.push({ source: input.source, json });
    bytes += size;
    if (batch.length === batchSize) await flush();
  }
  await flush();
}

async function predictBatch(items: readonly Item[], ending: string, predicting: Predicting): Promise<void> {
  const { predict, succeeded, failed, signal } = predicting;
  signal.throwIfAborted();
  const body = `{"instances":[${items.map(({ json }) => json).join(",")}${ending}`;
  let predictions: unknown[];
  try {
    predictions = await predict(body, items.length);
  } catch (error) {
    if (!(error instanceof PredictionError)) throw error;
    if (items.length === 1) return failed(items[0]!.source, error.status);
    for (const item of items) await predictBatch([item], ending, predicting);
    return;
  }
  await succeeded(items.map(({ source }, index) => ({ source, prediction: predictions[index] })));
}
