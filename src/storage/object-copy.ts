import { DeploymentError } from "../core/errors.js";
import type { StoredObject } from "../core/model.js";
import { contentOf } from "./answer-error.js";
import type { Attempts } from "./attempts.js";
import { httpStatus, isMissingBucket, withoutRequest } from "./errors.js";
import { type ObjectResource, objectResource } from "./object-resource.js";
import { resourcePath, type UploadTarget } from "./upload-target.js";

/** A call copies for about half a minute before it answers that there is more. Milliseconds. */
const silenceMs = 300_000;

/**
 * Has Cloud Storage copy an object, of exactly its generation; no byte of it comes here. A large one, or one that goes to another
 * place or storage class, takes several calls, each with the token of the one before (`objects.rewrite`).
 *
 * @throws DeploymentError `FAILED_PRECONDITION` when there is no such generation any more.
 */
export async function copyObject(
  from: StoredObject,
  target: UploadTarget,
  attempts: Attempts,
): Promise<ObjectResource> {
  const path = `${resourcePath(from)}/rewriteTo${resourcePath(target)}`;
  const query = new URLSearchParams({ sourceGeneration: from.generation, ifGenerationMatch: target.generation });
  const headers = { "content-type": "application/json; charset=UTF-8" };
  let copied = 0;
  for (;;) {
    try {
      // an empty body: the copy has the settings of its source
      const request = { method: "POST", headers, body: "{}", signal: target.signal, silenceMs } as const;
      const step = stepOf(contentOf(await target.transport.call(`${path}?${query.toString()}`, request)));
      target.sent(step.copied);
      if (step.object !== undefined) return objectResource(step.object);
      query.set("rewriteToken", step.token);
      if (step.copied <= copied) throw stuck(from);
      copied = step.copied;
    } catch (error) {
      if (httpStatus(error) === 404 && !isMissingBucket(error)) throw gone(from, error);
      await attempts.after(error);
    }
  }
}

interface Step {
  /** Bytes, by all calls. */
  copied: number;
  token: string;
  /** The copy, once it is complete. */
  object: unknown;
}

function stepOf(content: unknown): Step {
  const { done, resource, rewriteToken, totalBytesRewritten } = (content ?? {}) as Record<string, unknown>;
  return {
    copied: Number(totalBytesRewritten ?? 0),
    token: typeof rewriteToken === "string" ? rewriteToken : "",
    object: done === true ? (resource ?? null) : undefined,
  };
}

function stuck({ bucket, name }: StoredObject): DeploymentError {
  return new DeploymentError(
    "TEMPORARILY_UNAVAILABLE",
    `Copying gs://${bucket}/${name} failed: Cloud Storage copies no more of it. Run it again later.`,
  );
}

function gone({ bucket, name }: StoredObject, error: unknown): DeploymentError {
  return new DeploymentError(
    "FAILED_PRECONDITION",
    `gs://${bucket}/${name} was deleted or replaced while it was deployed. Run it again when nothing writes to the model.`,
    { cause: withoutRequest(error) },
  );
}
