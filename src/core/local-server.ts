import type { LongCallOptions, PredictOptions } from "./options.js";
import type { PredictionsResponse } from "./predictions-response.js";

/** Options of `runLocal`. */
export interface RunLocalOptions<Config extends object = Record<string, unknown>> extends LongCallOptions<Config> {
  /** What the deployment would be called. */
  name: string;
  /** `runs:/`, `models:/`, `mlflow-artifacts:/`, `gs://`, `file:` or a path. */
  modelUri: string;
  /** A flavor that the model must have. */
  flavor?: string | undefined;
  /** TCP port on 127.0.0.1. Default 0: any free one. */
  port?: number | undefined;
}

/** A model that is served on this machine. With `await using`, it stops at the end of the block. */
export interface LocalServer extends AsyncDisposable {
  readonly name: string;
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly port: number;
  /** Resolves when the server has ended, by `stop` or by itself, with what it said last in the latter case. */
  readonly exited: Promise<{ stopped: boolean; lastLines: string[] }>;
  /** Sends rows, as `predict` of a client does. */
  predict(options: Pick<PredictOptions, "inputs" | "params" | "signal">): Promise<PredictionsResponse>;
  /** The last lines that the server wrote, oldest first. @param lines - Default 100. */
  logs(lines?: number): string[];
  /** Stops the server and removes what was made for it. May be called more than once. */
  stop(): Promise<void>;
}
