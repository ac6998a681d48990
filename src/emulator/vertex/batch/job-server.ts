import { setTimeout as delay } from "node:timers/promises";

import { failedPrecondition, GoogleError } from "../../google-error.js";
import { rpcStatus } from "../../operations.js";
import type { Deployment } from "../endpoints/endpoint-record.js";
import type { ServerUse } from "../endpoints/model-server.js";
import { predictRoute } from "../endpoints/service-environment.js";
import { readPredictions } from "../predict/prediction-body.js";
import type { Status } from "./job-record.js";

/** Google's front end gives a batch request ten minutes ("Exceeded retries error" of its troubleshooting guide). */
const requestTimeoutMs = 600_000;
/** How long to wait before a server that was just lost is looked for again. */
const pauseMs = 50;
/** A server that dies of this many requests in a row will die of the others. */
const mostLosses = 5;

/** Codes of `google.rpc.Code`. */
const code = { invalidArgument: 3, deadlineExceeded: 4, failedPrecondition: 9, internal: 13, unavailable: 14 };

/** Why instances got no predictions; others may. */
export class PredictionError extends Error {
  override readonly name = "PredictionError";
  constructor(readonly status: Status) {
    super(status.message);
  }
}

/** Sends the requests of a job to its model's server. */
export class JobServer {
  readonly #use: ServerUse;
  readonly #route: string;
  readonly #restartMs: number;
  readonly #signal: AbortSignal;
  #losses = 0;

  /** @param options.restartMs How long a server that died may take to become healthy again. */
  constructor(deployment: Deployment, use: ServerUse, options: { restartMs: number; signal: AbortSignal }) {
    this.#use = use;
    this.#route = predictRoute(deployment);
    this.#restartMs = options.restartMs;
    this.#signal = options.signal;
  }

  /**
   * @param count How many instances the body has.
   * @returns As many predictions.
   * @throws PredictionError when these instances have none, GoogleError when no others can have any.
   */
  async predict(body: string, count: number): Promise<unknown[]> {
    const { ok, status, text } = await this.#post(body);
    this.#losses = 0;
    if (!ok) {
      const why = `Non-OK result ${status} (${text.slice(0, 2000)}) from server`;
      throw new PredictionError({
        code: status < 500 ? code.invalidArgument : code.internal,
        message: `Post request fails. Cannot get predictions. Error: ${why}.`,
      });
    }
    const predictions = answered(text);
    if (predictions.length === count) return predictions;
    throw new PredictionError({
      code: code.failedPrecondition,
      message: `Prediction failed: the model server answered ${predictions.length} predictions for ${count} instances.`,
    });
  }

  async #post(body: string): Promise<{ ok: boolean; status: number; text: string }> {
    const giveUp = Date.now() + this.#restartMs;
    for (;;) {
      const address = await this.#address();
      const timeout = AbortSignal.timeout(requestTimeoutMs);
      try {
        const response = await fetch(`${address}${this.#route}`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body,
          redirect: "manual",
          signal: AbortSignal.any([this.#signal, timeout]),
        });
        return { ok: response.status === 200, status: response.status, text: await response.text() };
      } catch (error) {
        this.#signal.throwIfAborted();
        if (timeout.aborted) throw unanswered(code.deadlineExceeded, "the model server did not answer in time");
        await delay(pauseMs, undefined, { signal: this.#signal });
        // what was never sent may be sent again: the server is being restarted, and its old address gone
        if (!isRefused(error) || Date.now() > giveUp) this.#lost();
      }
    }
  }

  #lost(): never {
    if (++this.#losses > mostLosses) throw failedPrecondition("Model server exited unexpectedly.");
    throw unanswered(code.unavailable, "the model server closed the connection");
  }

  async #address(): Promise<string> {
    const restart = AbortSignal.timeout(this.#restartMs);
    try {
      return await this.#use.address(AbortSignal.any([this.#signal, restart]));
    } catch {
      this.#signal.throwIfAborted();
      throw failedPrecondition("Model server exited unexpectedly, and did not become ready again.");
    }
  }
}

function answered(text: string): unknown[] {
  try {
    return (readPredictions(text)["predictions"] ?? []) as unknown[];
  } catch (error) {
    throw error instanceof GoogleError ? new PredictionError(rpcStatus(error)) : error;
  }
}

function unanswered(code: number, why: string): PredictionError {
  return new PredictionError({ code, message: `Post request fails. Cannot get predictions. Error: ${why}.` });
}

function isRefused(error: unknown): boolean {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && "code" in cause && cause.code === "ECONNREFUSED";
}
