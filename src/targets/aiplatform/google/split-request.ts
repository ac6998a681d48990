import { isDeepStrictEqual } from "node:util";

import pLimit from "p-limit";

import type { Predictions } from "../../../core/deployment.js";
import { DeploymentError } from "../../../core/errors.js";
import type { PredictionText } from "./prediction-text.js";
import { type RequestLimit, tooLarge, wholeBody } from "./request-limit.js";

/** Requests of one call that are on their way at the same time. */
const concurrency = 4;

/** The rows from `start` up to, and without, `end`. */
interface Part {
  start: number;
  end: number;
}

/** How a request goes out. */
export interface SplitOptions {
  limit: RequestLimit;
  /** Whether the rows may go in several requests where one does not hold them. */
  splittable: boolean;
  signal: AbortSignal | undefined;
}

type Send = (body: string, signal: AbortSignal | undefined) => Promise<Predictions>;

/**
 * Sends rows in one request or, where that is over the limit, in several at the same time, and gives one answer in the order of
 * the rows. A part whose answer is over the limit is sent again in halves. When one part fails, the others are stopped.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` for a request over the limit that may not be split, and for a single row
 * over it, by its number; what `send` throws, with the rows of the part in front of the message.
 */
export async function sendSplit(
  text: PredictionText,
  { limit, splittable, signal }: SplitOptions,
  send: Send,
): Promise<Predictions> {
  if (!splittable) return send(wholeBody(text, limit), signal);
  const parts = partsOf(text, limit);
  const [first] = parts;
  if (first && parts.length === 1) return merged(await sendPart(first, text, (body) => send(body, signal)));
  const stop = new AbortController();
  const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  const limited = pLimit(concurrency);
  let failure: { error: unknown } | undefined;
  const sent = parts.map((part) =>
    limited(async () => {
      if (failure) return [];
      try {
        return await sendPart(part, text, (body) => send(body, either));
      } catch (error) {
        failure ??= { error };
        stop.abort();
        return [];
      }
    }),
  );
  const answers = (await Promise.all(sent)).flat();
  if (failure) throw failure.error;
  return merged(answers);
}

/** Parts of about the same size, each surely within the limit unless one row alone is not. */
function partsOf(text: PredictionText, limit: RequestLimit): Part[] {
  const room = limit.surely - text.frameBytes;
  const bytes = text.rowsBytes;
  if (bytes <= room) return [{ start: 0, end: text.count }];
  if (room <= 0) throw tooLarge("The prediction request, without any row,", text.frameBytes, limit);
  const share = bytes / Math.ceil(bytes / room);
  const parts: Part[] = [];
  let part = { start: 0, end: 0 };
  let size = 0;
  for (let row = 0; row < text.count; row++) {
    const rowBytes = text.rowBytes(row);
    if (rowBytes + text.frameBytes > limit.bytes)
      throw tooLarge(`Row ${row + 1} of the prediction request alone`, rowBytes, limit);
    if (size >= share || (size > 0 && size + rowBytes > room)) {
      parts.push(part);
      part = { start: row, end: row };
      size = 0;
    }
    part.end = row + 1;
    size += rowBytes;
  }
  return [...parts, part];
}

async function sendPart(
  part: Part,
  text: PredictionText,
  send: (body: string) => Promise<Predictions>,
): Promise<Predictions[]> {
  const { start, end } = part;
  const isWhole = end - start === text.count;
  try {
    const answer = await send(text.bodyOf(start, end));
    if (!isWhole) checkCount(answer, part);
    return [answer];
  } catch (error) {
    if (end - start > 1 && isAnswerTooLarge(error)) {
      const middle = Math.ceil((start + end) / 2);
      const first = await sendPart({ start, end: middle }, text, send);
      return [...first, ...(await sendPart({ start: middle, end }, text, send))];
    }
    throw isWhole ? error : ofRows(error, part, text);
  }
}

/** Vertex AI limits answers as it limits requests. */
function isAnswerTooLarge(error: unknown): boolean {
  return (
    DeploymentError.is(error) && /\bresponse( payload)?( size)?\b[^.]*(\bexceeds\b|\btoo large\b)/i.test(error.message)
  );
}

function checkCount({ predictions }: Predictions, { start, end }: Part): void {
  if (predictions.length === end - start) return;
  throw new DeploymentError(
    "FAILED_PRECONDITION",
    `The model gave ${predictions.length} predictions for ${end - start} rows, so that the answers to several requests cannot be put together. Send fewer rows, or switch splitRequests off.`,
  );
}

/** The error of one part, which counts its own rows from the first one on. */
function ofRows(error: unknown, { start, end }: Part, { count }: PredictionText): unknown {
  if (!DeploymentError.is(error) || error.code === "CANCELLED") return error;
  const rows = end - start === 1 ? `Row ${end}` : `Rows ${start + 1} to ${end}`;
  return new DeploymentError(error.code, `${rows} of ${count}, in a request of their own: ${error.message}`, {
    cause: error.cause,
    retryable: error.retryable,
  });
}

/** One answer of several. What they do not all say is null: different models may have answered. */
function merged(answers: readonly Predictions[]): Predictions {
  const [only] = answers;
  if (only && answers.length === 1) return only;
  const same = <Key extends keyof Predictions>(key: Key): Predictions[Key] | null => {
    const [first, ...others] = answers.map((answer) => answer[key]);
    return others.every((other) => isDeepStrictEqual(other, first)) ? (first ?? null) : null;
  };
  return {
    predictions: answers.flatMap(({ predictions }) => predictions),
    deployedModelId: same("deployedModelId"),
    model: same("model"),
    modelVersionId: same("modelVersionId"),
    modelDisplayName: same("modelDisplayName"),
    metadata: same("metadata"),
  };
}
