import type { Clock } from "../../../core/clock.js";
import { type RequestFailure, requestFailure } from "./failure.js";

/**
 * Whether a request may be sent again when it is not known what the first one did.
 *
 * - `always`: its effect is the same once or twice. Every read; a delete; a create whose id the client sets (endpoint,
 *   deployed model, repository), since its repetition meets its own effect: the `ALREADY_EXISTS` that then comes says
 *   that the first one worked, and goes to the caller, who finds what is there.
 * - `unaccepted`: twice makes two. An upload makes a second version, a build a second build. So it is repeated only
 *   where the failure proves that nothing began: no connection was made, or the quota refused it (429). A 503 does not
 *   prove it: a proxy on the way may have lost the answer, so that running the whole call again, which looks first at
 *   what is there, is the way on.
 */
export type Repeatable = "always" | "unaccepted";

/** How often and how fast. */
export interface RetryPolicy {
  /** Requests in all. Default 5. */
  attempts: number;
  /** Milliseconds before the second. Doubles with each. Default 1,000. */
  firstDelayMs: number;
  /** The longest wait, in milliseconds; of `Retry-After` too. Default 32,000. */
  maxDelayMs: number;
}

export const defaultRetryPolicy: RetryPolicy = { attempts: 5, firstDelayMs: 1000, maxDelayMs: 32_000 };

/** Statuses that Google's own clients send an idempotent request again after (AIP-194), with the proxies' 408, 502 and 504. */
const temporaryStatuses: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);
const temporaryNetworkCodes: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EAI_AGAIN",
  "ENETUNREACH",
  "EHOSTUNREACH",
  "ERR_STREAM_PREMATURE_CLOSE",
  "TimeoutError",
]);
const unsentNetworkCodes: ReadonlySet<string> = new Set(["ECONNREFUSED", "EAI_AGAIN", "ENETUNREACH", "EHOSTUNREACH"]);

/** Whether the same request may succeed now. */
export function worthRepeating(failure: RequestFailure, repeatable: Repeatable): boolean {
  const { httpStatus, networkCode } = failure;
  if (repeatable === "unaccepted") return httpStatus === 429 || unsentNetworkCodes.has(networkCode ?? "");
  return httpStatus === null ? temporaryNetworkCodes.has(networkCode ?? "") : temporaryStatuses.has(httpStatus);
}

/** Sends a request, and again by the rules above. Rejects with what the last attempt threw. */
export async function withRetry<T>(
  send: () => Promise<T>,
  options: { repeatable: Repeatable; clock: Clock; signal?: AbortSignal | undefined; policy?: Partial<RetryPolicy> },
): Promise<T> {
  const policy = { ...defaultRetryPolicy, ...options.policy };
  for (let attempt = 1; ; attempt++) {
    try {
      return await send();
    } catch (error) {
      const failure = requestFailure(error);
      if (attempt >= policy.attempts || options.signal?.aborted || !worthRepeating(failure, options.repeatable)) throw error;
      await options.clock.sleep(retryDelayMs(attempt, failure, policy), options.signal);
    }
  }
}

/** Milliseconds before the next attempt: what the server asks for, or else twice the wait before, with jitter. */
export function retryDelayMs(attempt: number, failure: RequestFailure, policy: RetryPolicy): number {
  const backoff = policy.firstDelayMs * 2 ** (attempt - 1) * (1 + Math.random() / 4);
  const asked = failure.retryAfterSeconds === null ? 0 : failure.retryAfterSeconds * 1000;
  return Math.min(Math.max(backoff, asked), policy.maxDelayMs);
}
