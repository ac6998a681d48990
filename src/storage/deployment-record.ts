import { z } from "zod";

import { DeploymentError } from "../core/errors.js";
import type { DeploymentRecord } from "../core/record.js";

const time = z.iso.datetime({ offset: true });

const spec = z.looseObject({
  specHash: z.string(),
  environmentHash: z.string(),
  modelHash: z.string(),
  modelUri: z.string(),
  flavor: z.string().nullable(),
  settings: z.record(z.string(), z.unknown()),
});

const version = z.looseObject({ model: z.string(), versionId: z.string() });

/** Each part is loose, so that what a later version of this package adds to a record survives this one's writes. */
const recordSchema: z.ZodType<DeploymentRecord> = z.looseObject({
  schemaVersion: z.literal(1),
  name: z.string(),
  spec: spec.nullable(),
  endpoint: z.string().nullable(),
  version: version.nullable(),
  attempt: z.int().nonnegative(),
  update: z.looseObject({ spec, version: version.nullable(), attempt: z.int().nonnegative() }).nullable(),
  pending: z
    .looseObject({
      step: z.enum([
        "resolve",
        "bundle",
        "upload",
        "image",
        "model",
        "version",
        "endpoint",
        "deploy",
        "traffic",
        "undeploy",
        "settings",
        "delete",
      ]),
      startedAt: time,
      operation: z.string().nullable(),
    })
    .nullable(),
  completedAt: time.nullable(),
  deletedAt: time.nullable(),
  lock: z
    .looseObject({
      id: z.string(),
      owner: z.string(),
      host: z.string(),
      pid: z.int(),
      acquiredAt: time,
      expiresAt: time,
    })
    .nullable(),
  history: z.array(
    z.looseObject({
      at: time,
      action: z.enum(["create", "update", "delete"]),
      outcome: z.enum(["succeeded", "failed"]),
      specHash: z.string(),
      modelUri: z.string(),
      modelVersionId: z.string().nullable(),
      message: z.string().optional(),
      error: z.string().optional(),
      attempt: z.int().nonnegative().optional(),
      call: z.string().optional(),
    }),
  ),
});

/** A record as the text of its object: for people too, who may have to look at it. */
export function formatRecord(record: DeploymentRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}

/**
 * Reads the record of the deployment `name`, or of any where it is null, from the text of the object `uri`.
 *
 * @throws DeploymentError `FAILED_PRECONDITION` when it is none, is of another deployment, or was written by a newer
 * version of this package.
 */
export function parseRecord(text: string, name: string | null, uri: string): DeploymentRecord {
  const content = parseJson(text, uri);
  const version = z.looseObject({ schemaVersion: z.int() }).safeParse(content).data?.schemaVersion;
  if (version !== undefined && version > 1) {
    throw new DeploymentError(
      "FAILED_PRECONDITION",
      `${uri} has schema version ${version}, and this version of mlflow-deployments reads 1. Upgrade mlflow-deployments.`,
    );
  }
  const parsed = recordSchema.safeParse(content);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw broken(uri, issue ? `${issue.path.join(".") || "it"}: ${issue.message}` : "", parsed.error);
  }
  if (name !== null && parsed.data.name !== name)
    throw broken(uri, `it is the record of "${parsed.data.name}", not of "${name}"`);
  return parsed.data;
}

function parseJson(text: string, uri: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw broken(uri, "it is not JSON", error);
  }
}

function broken(uri: string, reason: string, cause?: unknown): DeploymentError {
  return new DeploymentError(
    "FAILED_PRECONDITION",
    `${uri} is not a readable record of a deployment (${reason}). Restore an earlier version of the object, or delete it: ` +
      "that loses the deployment's history, not the deployment.",
    { cause },
  );
}
