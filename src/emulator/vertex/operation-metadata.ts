const types = "type.googleapis.com/google.cloud.aiplatform.v1.";

/** The metadata of an operation of Vertex AI; its times are filled in by `Operations`. */
export function operationMetadata(method: string, fields: Record<string, unknown> = {}): Record<string, unknown> {
  return { "@type": `${types}${method}OperationMetadata`, genericMetadata: {}, ...fields };
}

/** A message as the `google.protobuf.Any` that an operation's `response` is. */
export function operationResponse(type: string, fields: Record<string, unknown> = {}): Record<string, unknown> {
  return { "@type": `${types}${type}`, ...fields };
}

/** The `response` of an operation with nothing to say, such as a delete. */
export const emptyResponse = { "@type": "type.googleapis.com/google.protobuf.Empty" };
