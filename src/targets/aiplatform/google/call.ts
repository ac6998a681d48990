import { type Clock, systemClock } from "../../../core/clock.js";
import { throwIfCancelled } from "../../../core/errors.js";
import type { GoogleConnection } from "./connection.js";
import { googleError } from "./errors.js";
import type { FailedCall, GoogleService } from "./failure.js";
import { requestFailure } from "./failure.js";
import { type Repeatable, withRetry } from "./retry.js";

/** One call of an API. */
export interface GoogleCall {
  /** With the resource's name: `Reading the endpoint projects/p/locations/l/endpoints/e`. */
  doing: string;
  /** Default `always`: right for all but creates without an id of the client's. */
  repeatable?: Repeatable;
  signal?: AbortSignal | undefined;
  /** Requests in all, where it is not to be sent again as often as others. */
  attempts?: number | undefined;
}

/** What googleapis' methods take beside their parameters. */
export interface CallSettings {
  signal?: AbortSignal;
}

/**
 * Calls of one of Google's APIs: sent again by the rules of retry.ts, failing with a `DeploymentError` that says who
 * called, why it failed and what to do.
 */
export class GoogleCaller {
  constructor(
    readonly connection: GoogleConnection,
    readonly service: GoogleService,
    private readonly clock: Clock = systemClock,
  ) {}

  /** Sends a call, and gives the answer's body. */
  async run<T>(call: GoogleCall, send: (settings: CallSettings) => Promise<{ data: T }>): Promise<T> {
    const { doing, signal, repeatable = "always", attempts } = call;
    throwIfCancelled(signal, doing);
    try {
      const { data } = await withRetry(() => send(signal ? { signal } : {}), {
        repeatable,
        clock: this.clock,
        signal,
        policy: {
          // an emulator that is not there is not coming back by itself
          ...(this.connection.emulator !== null && { attempts: 3, firstDelayMs: 200 }),
          ...(attempts !== undefined && { attempts }),
        },
      });
      return data;
    } catch (error) {
      throw googleError(error, await this.failed(doing, requestFailure(error).httpStatus === 403, signal));
    }
  }

  /** What to say of a call that failed; the caller is looked up only where the message will name it. */
  async failed(doing: string, nameCaller: boolean, signal?: AbortSignal): Promise<FailedCall> {
    return {
      doing,
      service: this.service,
      cancelled: signal?.aborted ?? false,
      emulator: this.connection.emulator,
      caller: nameCaller ? await this.connection.caller() : null,
    };
  }
}
