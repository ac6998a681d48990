import type { EmulatorRequest } from "../http.js";
import { type DiskObjectStore, type ObjectSettings, settingsOf } from "./disk-store.js";
import type { DiskObject } from "./object-journal.js";
import type { ObjectPath } from "./object-store.js";
import { parsePreconditions, requirePreconditions } from "./preconditions.js";

/** A copy that Cloud Storage is asked for (`objects.copy`, `objects.rewrite`). */
export interface CopyTerms {
  from: ObjectPath & { generation?: string | undefined };
  to: ObjectPath;
  /** What the body says about the copy. It replaces all that the source has; an empty one takes that over. */
  settings: ObjectSettings;
  /** The request's query, which has the conditions. */
  query: URLSearchParams;
}

/** What a request asks for, by its path and its query. */
export function copyTerms(request: EmulatorRequest, settings: ObjectSettings): CopyTerms {
  const generation = request.query.get("sourceGeneration") ?? undefined;
  return {
    from: { bucket: request.param("bucket"), object: request.param("object"), generation },
    to: { bucket: request.param("toBucket"), object: request.param("toObject") },
    settings,
    query: request.query,
  };
}

/** The source. @throws StorageError 404 when it is not there; 412 when a condition on it, or on the destination, does not hold. */
export function requireCopyable(store: DiskObjectStore, { from, to, query }: CopyTerms): DiskObject {
  const source = store.object(from.bucket, from.object, from.generation);
  requirePreconditions(parsePreconditions(query, "ifSource"), source);
  requirePreconditions(parsePreconditions(query), store.find(to.bucket, to.object));
  return source;
}

/** Makes the copy. @throws StorageError As `requireCopyable`. */
export async function copyObject(store: DiskObjectStore, terms: CopyTerms): Promise<DiskObject> {
  const { to, settings, query } = terms;
  const source = requireCopyable(store, terms);
  const staged = await store.stageCopy(source);
  const kept = Object.keys(settings).length > 0 ? settings : settingsOf(source);
  return store.commit(to.bucket, to.object, staged, kept, parsePreconditions(query));
}
