import { DeploymentError } from "../../../core/errors.js";
import type { Call } from "../call.js";
import { isAnyOf } from "../google/operations.js";
import { type BatchCall, partsOfGsUri } from "./batch-request.js";

/** "For more information on wildcards" of `GcsSource.uris`: Cloud Storage's own. */
const wildcard = /[*?[]/;

/**
 * Looks at the buckets and at the inputs before a job is made, which would find out after minutes. "Your input and output must
 * also be in the same region or multi-region as your model" ("Get batch predictions").
 *
 * @throws DeploymentError `RESOURCE_DOES_NOT_EXIST` for a bucket, or an input that names no object; `PERMISSION_DENIED` and
 * `INVALID_PARAMETER_VALUE` as those of `Uploader.checkBucket`.
 */
export async function checkFiles({ input, output }: BatchCall, call: Call): Promise<void> {
  const { services, settings, context } = call;
  const files = input.flatMap((uri) => partsOfGsUri(uri) ?? []);
  const buckets = new Set([...files, partsOfGsUri(output)].flatMap((parts) => parts?.bucket ?? []));
  for (const bucket of buckets) await services.uploader.checkBucket(bucket, settings.location, context);
  for (const file of files) await checkInput(file, call);
}

async function checkInput({ bucket, object }: { bucket: string; object: string }, call: Call): Promise<void> {
  const uri = `gs://${bucket}/${object}`;
  const prefix = object.split(wildcard, 1)[0] ?? "";
  try {
    const found = await call.services.uploader.list(bucket, prefix, call.context);
    const pattern = prefix === object ? null : looselyMatching(object);
    if (found.some(({ name }) => (pattern ? pattern.test(name) : name === object))) return;
  } catch (error) {
    if (!isAnyOf(error, "PERMISSION_DENIED")) throw error;
    // who reads it is Vertex AI, and not the caller
    call.context.report({ type: "warning", message: `Whether ${uri} is there was not checked: ${error.message}` });
    return;
  }
  throw new DeploymentError(
    "RESOURCE_DOES_NOT_EXIST",
    `There is no object ${uri} to read rows from. Upload it, or name another input.`,
  );
}

/** Matches at least what the platform's own wildcards do: it has the last word. */
function looselyMatching(object: string): RegExp {
  const parts = object.split(/(\*+|\?|\[[^\]]*\])/);
  const source = parts.map((part, index) => (index % 2 === 0 ? literal(part) : part.startsWith("*") ? ".*" : "."));
  return new RegExp(`^${source.join("")}$`, "s");
}

function literal(text: string): string {
  return text.replace(/[.+^${}()|\\[\]]/g, String.raw`\$&`);
}
