/** The bodies of `predict` and `explain`: JSON on both sides that passes through `google.protobuf.Value`. */
import { failedPrecondition, invalidArgument } from "../../google-error.js";
import { predictRequest } from "../messages/endpoint.js";
import type { MessageType } from "../../proto/field-types.js";
import { isObject, type JsonObject, parseMessage } from "../../proto/parse.js";
import { requiredField } from "../violations.js";
import { checkSize, type PredictionLimits } from "./limits.js";

/** How deep Google's JSON parser goes. */
const deepest = 100;

/** What the container is sent. @throws GoogleError as `readInstances`. */
export function readPredictRequest(body: Buffer): { instances: unknown[]; parameters?: unknown } {
  const request = readInstances(predictRequest, body);
  return {
    instances: request["instances"] as unknown[],
    ...(request["parameters"] !== undefined && { parameters: request["parameters"] }),
  };
}

/**
 * A request about instances. Numbers have become doubles, so a larger integer than 2^53 has been rounded.
 *
 * @throws GoogleError INVALID_ARGUMENT for what is not JSON (NaN and Infinity are not), or not that message.
 */
export function readInstances(type: MessageType, body: Buffer): JsonObject {
  const text = body.toString("utf8");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw invalidArgument(`Invalid JSON payload received. Unexpected token.\n${text.slice(0, 40)}\n^`);
  }
  checkValue(json, 0);
  const request = parseMessage(type, json, "");
  if (request["instances"] === undefined) throw requiredField("instances");
  return request;
}

/**
 * `predictions` and `metadata` of a model server's answer.
 *
 * @throws GoogleError FAILED_PRECONDITION for another status than 200, or another body.
 */
export async function answeredPredictions(response: Response, limits: PredictionLimits): Promise<JsonObject> {
  const answer = await response.text();
  if (response.status !== 200)
    throw predictionFailed(answer.slice(0, 2000) || `the model server answered ${response.status}`);
  checkSize("response", Buffer.byteLength(answer), limits);
  return readPredictions(answer);
}

/**
 * `predictions` and `metadata` of what a container answered.
 *
 * @throws GoogleError FAILED_PRECONDITION when the answer is not `{"predictions": [...]}`.
 */
export function readPredictions(body: string): JsonObject {
  let json: unknown;
  try {
    json = JSON.parse(body);
    checkValue(json, 0);
  } catch {
    throw predictionFailed(`the model server's answer is not JSON: ${body.slice(0, 200)}`);
  }
  const predictions = isObject(json) ? json["predictions"] : undefined;
  if (!isObject(json) || !Array.isArray(predictions)) {
    throw predictionFailed(`the model server's answer has no list "predictions": ${body.slice(0, 200)}`);
  }
  return {
    ...(predictions.length > 0 && { predictions }),
    ...(json["metadata"] !== undefined && { metadata: json["metadata"] }),
  };
}

export function predictionFailed(why: string) {
  return failedPrecondition(`Prediction failed: ${why}`);
}

/** JSON can hold what a Value can't: a number beyond a double's range, any depth. */
function checkValue(value: unknown, depth: number): void {
  if (depth > deepest)
    throw invalidArgument("Invalid JSON payload received. Message too deep. Max recursion depth reached.");
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw invalidArgument("Invalid JSON payload received. Number exceeds the range of double.");
  }
  if (typeof value !== "object" || value === null) return;
  for (const each of Object.values(value)) checkValue(each, depth + 1);
}
