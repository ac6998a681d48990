import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";

import type { EmulatorRequest, EmulatorResponse } from "../http.js";
import type { Collection, StateStore } from "../state.js";
import type { DiskObjectStore, ObjectSettings } from "./disk-store.js";
import { copyObject, type CopyTerms, copyTerms, requireCopyable } from "./object-copy.js";
import type { DiskObject } from "./object-journal.js";
import type { ObjectPath } from "./object-store.js";
import { parseObject } from "./object-settings.js";
import { badRequest } from "./storage-error.js";
import { baseUrl, objectToWire } from "./wire.js";

/** A rewrite of several calls, as it is kept between them. */
interface Rewrite {
  from: ObjectPath & { generation: string };
  to: ObjectPath;
  settings: ObjectSettings;
  /** The parameters of the first call. */
  query: Record<string, string>;
  /** Bytes, by all calls. */
  rewritten: number;
}

/** Parameters that must be the same in every call that has them. */
const fixedParameters = [
  "maxBytesRewrittenPerCall",
  "ifGenerationMatch",
  "ifGenerationNotMatch",
  "ifMetagenerationMatch",
  "ifMetagenerationNotMatch",
  "ifSourceGenerationMatch",
  "ifSourceGenerationNotMatch",
  "ifSourceMetagenerationMatch",
  "ifSourceMetagenerationNotMatch",
] as const;

const unit = 1024 * 1024;
const rememberedRewrites = 1000;

/**
 * `objects.rewrite`: in one call, or in several of at most `maxBytesRewrittenPerCall` each, which Cloud Storage heeds where the
 * copy goes to another location or storage class (its discovery document). No bytes move before the last call, which makes
 * the copy.
 */
export class Rewrites {
  readonly #store: DiskObjectStore;
  readonly #rewrites: Collection<Rewrite>;

  constructor(store: DiskObjectStore, state: StateStore) {
    this.#store = store;
    this.#rewrites = state.collection<Rewrite>("rewrites");
  }

  /**
   * Answers a call.
   *
   * @throws StorageError 400 for a token that is none, or of another rewrite; 404 for a source that is not there, or not any
   * more; 412 for a condition that does not hold in the first call or in the last.
   */
  async answer(request: EmulatorRequest): Promise<EmulatorResponse> {
    const { settings } = parseObject(await request.json());
    const said = copyTerms(request, settings);
    const token = request.query.get("rewriteToken");
    const begun = token ? this.#find(token, said) : undefined;
    const terms: CopyTerms = begun ? { ...begun, query: new URLSearchParams(begun.query) } : said;
    const limit = callLimit(terms.query);
    const source = begun
      ? this.#store.object(begun.from.bucket, begun.from.object, begun.from.generation)
      : requireCopyable(this.#store, terms);
    const size = Number(source.size);
    const step = this.#isFar(source, terms) ? limit : Infinity;
    const rewritten = Math.min(size, (begun?.rewritten ?? 0) + step);
    const progress = {
      kind: "storage#rewriteResponse",
      totalBytesRewritten: String(rewritten),
      objectSize: source.size,
    };
    if (rewritten < size) {
      const rewriteToken = begun && token ? token : randomUUID();
      this.#keep(rewriteToken, { ...(begun ?? newRewrite(terms, source)), rewritten });
      return { json: { ...progress, done: false, rewriteToken } };
    }
    // its token stays: a call whose answer was lost is made again, and its conditions say that it had its effect
    const resource = objectToWire(await copyObject(this.#store, terms), baseUrl(request));
    return { json: { ...progress, done: true, resource } };
  }

  /** The rewrite of a token. What is said in this call too must be what was said in the first. */
  #find(token: string, { from, to, settings, query }: CopyTerms): Rewrite {
    const rewrite = this.#rewrites.get(token);
    const isSame =
      rewrite !== undefined &&
      isDeepStrictEqual({ ...from, generation: from.generation ?? rewrite.from.generation }, rewrite.from) &&
      isDeepStrictEqual(to, rewrite.to) &&
      (Object.keys(settings).length === 0 || isDeepStrictEqual(settings, rewrite.settings)) &&
      fixedParameters.every((name) => !query.has(name) || query.get(name) === rewrite.query[name]);
    if (!isSame) throw badRequest("Invalid rewrite token: it is of no rewrite, or of one that was begun otherwise.");
    return rewrite;
  }

  #keep(token: string, rewrite: Rewrite): void {
    this.#rewrites.set(token, rewrite);
    if (this.#rewrites.size <= rememberedRewrites) return;
    for (const [oldest] of this.#rewrites.entries().slice(0, -rememberedRewrites)) this.#rewrites.delete(oldest);
  }

  /** Whether the copy is in another location or storage class than its source. */
  #isFar(source: DiskObject, { from, to, settings }: CopyTerms): boolean {
    const target = this.#store.bucket(to.bucket);
    return (
      this.#store.bucket(from.bucket).location !== target.location ||
      source.storageClass !== (settings.storageClass ?? target.storageClass)
    );
  }
}

function newRewrite({ from, to, settings, query }: CopyTerms, { generation }: DiskObject): Omit<Rewrite, "rewritten"> {
  const said = fixedParameters.flatMap((name) => (query.has(name) ? [[name, query.get(name) ?? ""] as const] : []));
  return { from: { ...from, generation }, to, settings, query: Object.fromEntries(said) };
}

/** The most bytes of a call. @throws StorageError 400 for a number that is no multiple of 1 MiB. */
function callLimit(query: URLSearchParams): number {
  const limit = query.get("maxBytesRewrittenPerCall");
  if (limit === null) return Infinity;
  const bytes = /^\d{1,15}$/.test(limit) ? Number(limit) : 0;
  if (bytes === 0 || bytes % unit !== 0) {
    throw badRequest(
      `Invalid value for maxBytesRewrittenPerCall: ${limit}. It has to be a multiple of 1 MiB (${unit}).`,
    );
  }
  return bytes;
}
