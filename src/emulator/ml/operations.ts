import type { OperationContext, OperationResource, Operations } from "../operations.js";
import { projectNumber } from "../project-number.js";
import type { JsonObject } from "../proto/parse.js";
import { idOf } from "./records.js";

const types = "type.googleapis.com/google.cloud.ml.v1.";

/** What an operation of AI Platform is about. */
export interface OperationSubject {
  operationType: "CREATE_VERSION" | "DELETE_VERSION" | "DELETE_MODEL" | "UPDATE_MODEL" | "UPDATE_VERSION";
  /** The model's name. */
  model: string;
  /** The version as it is when the operation is submitted. */
  version?: JsonObject;
}

/**
 * Begins an operation with the name and metadata that AI Platform gives it, such as
 * `projects/acme/operations/create_iris_v1-1607934875576`.
 *
 * @param onEnd Called when the operation is over, even if it was cancelled before its work began.
 */
export function startOperation(
  operations: Operations,
  { operationType, model, version }: OperationSubject,
  work: (context: OperationContext) => Promise<JsonObject>,
  onEnd?: () => void,
): OperationResource {
  const [projects = "", project = ""] = model.split("/");
  const subject = [idOf(model), ...(version ? [idOf(String(version["name"]))] : [])].join("_");
  const verb = operationType.split("_", 1)[0]!.toLowerCase();
  const parent = `${projects}/${project}`;
  const metadata = {
    "@type": `${types}OperationMetadata`,
    createTime: new Date().toISOString(),
    operationType,
    modelName: model,
    projectNumber: projectNumber(project),
    ...(version && { version }),
  };
  let stamp = Date.now();
  while (operations.has(`${parent}/operations/${verb}_${subject}-${stamp}`)) stamp++;
  const run = async (context: OperationContext): Promise<JsonObject> => {
    const { update, signal } = context;
    update({ startTime: new Date().toISOString() });
    signal.addEventListener("abort", () => update({ isCancellationRequested: true }), { once: true });
    try {
      return await work(context);
    } finally {
      update({ endTime: new Date().toISOString() });
    }
  };
  return operations.start({ parent, id: `${verb}_${subject}-${stamp}` }, metadata, run, onEnd);
}

/** A resource as the `google.protobuf.Any` that an operation's `response` is. */
export function operationResponse(type: "Model" | "Version", resource: JsonObject): JsonObject {
  return { "@type": `${types}${type}`, ...resource };
}

/** The `response` of a deletion. */
export const emptyResponse: JsonObject = { "@type": "type.googleapis.com/google.protobuf.Empty" };
