/** The bodies of `predict`: JSON on both sides that passes through `google.protobuf.Value`. */
import { failedPrecondition, invalidArgument } from "../../google-error.js";
import { predictRequest } from "../messages/endpoint.js";
import { isObject, type JsonObject, parseMessage } from "../../proto/parse.js";
import { requiredField } from "../violations.js";

/** How deep Google's JSON parser goes. */
const deepest = 100;

/**
 * What the container is sent. Numbers have become doubles, so a larger integer than 2^53 has been rounded.
 *
 * @throws GoogleError INVALID_ARGUMENT for what is not JSON (NaN and Infinity are not), or not a PredictRequest.
 */
export function readPredictRequest(body: Buffer): { instances: unknown[]; parameters?: unknown } {
  const text = body.toString("utf8");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw invalidArgument(`Invalid JSON payload received. Unexpected token.\n${text.slice(0, 40)}\n^`);
  }
  checkValue(json, 0);
  const request = parseMessage(predictRequest, json, "");
  if (request["instances"] === undefined) throw requiredField("instances");
  return {
    instances: request["instances"] as unknown[],
    ...(request["parameters"] !== undefined && { parameters: request["parameters"] }),
  };
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
