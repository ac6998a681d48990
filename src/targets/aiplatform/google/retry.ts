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
 * - `prediction`: as `always`, but by MLflow's list (429, 500, 502, 503) and not after a timeout: a model that was too
 *   slow for the rows will be so again.
 */
export type Repeatable = "always" | "unaccepted" | "prediction";

/** How often and how fast. */
export interface RetryPolicy {
  /** Requests in all. Default 5. */
  attempts: number;
  /** Milliseconds before the second. Doubles with each. Default 1,000. */
  firstDelayMs: number;
  /** The longest wait, in milliseconds; of `Retry-After` too. Default 32,000. */
  maxDelayMs: number;
}

const defaultRetryPolicy: RetryPolicy = { attempts: 5, firstDelayMs: 1000, maxDelayMs: 32_000 };

/** No connection was made, so that nothing was asked. */
const unsent = ["ECONNREFUSED", "EAI_AGAIN", "ENETUNREACH", "EHOSTUNREACH", "UND_ERR_CONNECT_TIMEOUT"];
/** The connection broke, and the answer with it. */
const broken = [...unsent, "ECONNRESET", "EPIPE", "ERR_STREAM_PREMATURE_CLOSE"];

/**
 * HTTP statuses and Node's error codes after which the same request may succeed. Those of `always` are what Google's own
 * clients repeat (AIP-194), with the proxies' 408, 502 and 504.
 */
const temporary: Record<Repeatable, { statuses: readonly number[]; networkCodes: readonly string[] }> = {
  always: { statuses: [408, 429, 500, 502, 503, 504], networkCodes: [...broken, "ETIMEDOUT"] },
  unaccepted: { statuses: [429], networkCodes: unsent },
  prediction: { statuses: [429, 500, 502, 503], networkCodes: broken },
};

/** Whether the same request may succeed now. */
function worthRepeating({ httpStatus, networkCode }: RequestFailure, repeatable: Repeatable): boolean {
  const { statuses, networkCodes } = temporary[repeatable];
  return httpStatus === null ? networkCodes.includes(networkCode ?? "") : statuses.includes(httpStatus);
}

/** Sends a request, and again by the rules above. Rejects with what the last attempt threw. */
export async function withRetry<T>(
  send: () => Promise<T>,
  options: {
    repeatable: Repeatable;
    clock: Clock;
    signal?: AbortSignal | undefined;
    /** Milliseconds since the epoch, after which no attempt begins. */
    deadline?: number;
    policy?: Partial<RetryPolicy>;
  },
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await send();
    } catch (error) {
      const policy = { ...defaultRetryPolicy, ...options.policy };
      const failure = requestFailure(error);
      if (attempt >= policy.attempts || options.signal?.aborted || !worthRepeating(failure, options.repeatable))
        throw error;
      const delayMs = retryDelayMs(attempt, failure, policy);
      if (options.clock.now() + delayMs >= (options.deadline ?? Number.POSITIVE_INFINITY)) throw error;
      await options.clock.sleep(delayMs, options.signal);
    }
  }
}

/** Milliseconds before the next attempt: what the server asks for, or else twice the wait before, with jitter. */
function retryDelayMs(attempt: number, failure: RequestFailure, policy: RetryPolicy): number {
  const backoff = policy.firstDelayMs * 2 ** (attempt - 1) * (1 + Math.random() / 4);
  const asked = failure.retryAfterSeconds === null ? 0 : failure.retryAfterSeconds * 1000;
  return Math.min(Math.max(backoff, asked), policy.maxDelayMs);
}
