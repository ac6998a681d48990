import { text } from "node:stream/consumers";

import { DeploymentError, type ErrorCode } from "../core/errors.js";
import { readEventStream } from "../core/event-stream.js";
import { writeExactJson } from "../core/exact-json.js";
import { checkExactJsonData } from "../core/json-data.js";
import { PredictionsResponse } from "../core/predictions-response.js";
import { predictRoute } from "./bundle-server.js";
import { ask, askForText } from "./loopback-client.js";

/** How much of a server's own words an error repeats, in characters. */
const longestReason = 1000;

/** The header by which a server may say which deployed model has answered. */
export const deployedModelHeader = "x-deployed-model-id";

/** A serving runtime on this machine, and what messages call it. */
export interface PredictionServer {
  /** TCP port on 127.0.0.1. */
  port: number;
  /** Such as `The deployment "tester"`. */
  what: string;
}

/** Rows, and the model's inference parameters. */
export interface Rows {
  instances: readonly unknown[];
  parameters?: Record<string, unknown> | undefined;
}

/**
 * Sends rows by the container contract, and gives their predictions. Whole numbers beyond 2^53 are BigInt both ways, and lose
 * nothing.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` in the server's words for rows that the model does not take;
 * `INTERNAL_ERROR` when the model fails; `TEMPORARILY_UNAVAILABLE` when the server does not answer; `CANCELLED`.
 */
export async function requestPredictions(
  server: PredictionServer,
  rows: Rows,
  signal?: AbortSignal,
): Promise<PredictionsResponse> {
  const request = { port: server.port, method: "POST", path: predictRoute, body: bodyOf(rows, false), signal } as const;
  const { answer, body } = await askForText(request);
  if (answer.statusCode !== 200) throw refusal(server, answer.statusCode ?? 0, body);
  const { predictions } = PredictionsResponse.fromJSON(body);
  const id = answer.headers[deployedModelHeader];
  return new PredictionsResponse({ predictions, deployedModelId: typeof id === "string" ? id : null });
}

/** As {@link requestPredictions}, for the parts of a streamed answer. Who stops early ends the request. */
export async function* requestPredictionStream(
  server: PredictionServer,
  rows: Rows,
  signal?: AbortSignal,
): AsyncGenerator<unknown, void, undefined> {
  const request = { port: server.port, method: "POST", path: predictRoute, body: bodyOf(rows, true), signal } as const;
  const answer = await ask(request);
  if (answer.statusCode !== 200) throw refusal(server, answer.statusCode ?? 0, await text(answer));
  yield* readEventStream(answer, server.what);
}

function bodyOf({ instances, parameters }: Rows, stream: boolean): string {
  const rowsHaveBigInt = checkExactJsonData(instances, "inputs");
  const paramsHaveBigInt = parameters !== undefined && checkExactJsonData(parameters, "params");
  const given = parameters && Object.keys(parameters).length > 0 ? { parameters } : {};
  const body = { instances, ...given, ...(stream ? { stream } : {}) };
  return rowsHaveBigInt || paramsHaveBigInt ? writeExactJson(body) : JSON.stringify(body);
}

const codes: Readonly<Record<number, ErrorCode>> = {
  400: "INVALID_PARAMETER_VALUE",
  404: "RESOURCE_DOES_NOT_EXIST",
  503: "TEMPORARILY_UNAVAILABLE",
};

function refusal({ what }: PredictionServer, status: number, body: string): DeploymentError {
  const code = codes[status] ?? "INTERNAL_ERROR";
  const verb = code === "INVALID_PARAMETER_VALUE" ? "refuses the request" : `answered with status ${status}`;
  return new DeploymentError(code, `${what} ${verb}: ${reasonOf(body).slice(0, longestReason)}`);
}

/** The message of an error in Google's form, or else the text itself. */
function reasonOf(body: string): string {
  try {
    const { error } = JSON.parse(body) as { error?: { message?: unknown } };
    return typeof error?.message === "string" ? error.message : body;
  } catch {
    return body;
  }
}
