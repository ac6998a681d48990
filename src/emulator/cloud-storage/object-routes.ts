import type { Readable } from "node:stream";

import type { EmulatorRequest, Route } from "../http.js";
import { parseMessage } from "../payload.js";
import type { DiskObjectStore } from "./disk-store.js";
import { download } from "./download.js";
import { listPage, pageToWire } from "./listing.js";
import { copyObject, copyTerms } from "./object-copy.js";
import type { DiskObject } from "./object-journal.js";
import { parseObject, parseObjectPatch } from "./object-settings.js";
import { isUnmodified, parsePreconditions, requireMatch, requirePreconditions } from "./preconditions.js";
import type { Rewrites } from "./rewrites.js";
import type { StagedContent } from "./staged-content.js";
import { badRequest, requiredParameter } from "./storage-error.js";
import { baseUrl, objectToWire, storageRoute } from "./wire.js";

/** `objects.list`, `get`, `patch`, `delete`, `copy`, `rewrite` and `compose`. */
export function objectRoutes(store: DiskObjectStore, rewrites: Rewrites): Route[] {
  const objects = "/b/(?<bucket>[^/]+)/o";
  const object = `${objects}/(?<object>[^/]+)`;
  const target = "/b/(?<toBucket>[^/]+)/o/(?<toObject>[^/]+)";
  const find = (request: EmulatorRequest) =>
    store.object(request.param("bucket"), request.param("object"), request.query.get("generation") ?? undefined);
  return [
    storageRoute("GET", objects, async (request) => {
      const bucket = request.param("bucket");
      const page = listPage(store.names(bucket), request.query);
      return { json: pageToWire(page, (name) => objectToWire(store.object(bucket, name), baseUrl(request))) };
    }),
    storageRoute("GET", object, async (request) => {
      const found = find(request);
      const conditions = parsePreconditions(request.query);
      requireMatch(conditions, found);
      if (isUnmodified(conditions, found)) return { status: 304 };
      if (request.query.get("alt") !== "media") return { json: objectToWire(found, baseUrl(request)) };
      return download(request, found, (range) => store.content(found, range));
    }),
    storageRoute("PATCH", object, async (request) => {
      const body = await request.json();
      const found = find(request);
      requirePreconditions(parsePreconditions(request.query), found);
      return { json: objectToWire(store.update(found, parseObjectPatch(body, found.metadata)), baseUrl(request)) };
    }),
    storageRoute("DELETE", object, async (request) => {
      const found = find(request);
      store.remove(found.bucket, found.name, parsePreconditions(request.query), found.generation);
      return { status: 204 };
    }),
    storageRoute("POST", `${object}/rewriteTo${target}`, (request) => rewrites.answer(request)),
    storageRoute("POST", `${object}/copyTo${target}`, async (request) => {
      const { settings } = parseObject(await request.json());
      return { json: objectToWire(await copyObject(store, copyTerms(request, settings)), baseUrl(request)) };
    }),
    storageRoute("POST", `${object}/compose`, async (request) => ({
      json: objectToWire(await composeObject(store, request), baseUrl(request)),
    })),
  ];
}

/** At most this many objects make one ("Composite objects"). */
const maxComponents = 32;

interface ComposeRequest {
  sourceObjects?: { name: string; generation?: string }[];
  destination?: unknown;
}

async function composeObject(store: DiskObjectStore, request: EmulatorRequest): Promise<DiskObject> {
  const body: ComposeRequest = parseMessage(await request.json(), {
    kind: "output",
    destination: "stored",
    deleteSourceObjects: "unsupported",
    sourceObjects: {
      list: { message: { name: "string", generation: "int64", objectPreconditions: "unsupported" } },
    },
  });
  const bucket = request.param("bucket");
  const sources = body.sourceObjects ?? [];
  if (sources.length === 0) throw requiredParameter("sourceObjects");
  if (sources.length > maxComponents) {
    throw badRequest(
      `The number of source components provided (${sources.length}) exceeds the maximum (${maxComponents})`,
    );
  }
  const components = sources.map((source) => store.object(bucket, source.name, source.generation));
  const { md5Hash: _md5Hash, ...staged } = await stageAll(store, components);
  const { settings } = parseObject(body.destination ?? {});
  const componentCount = components.reduce((sum, each) => sum + (each.componentCount ?? 1), 0);
  const conditions = parsePreconditions(request.query);
  return store.commit(bucket, request.param("object"), staged, { ...settings, componentCount }, conditions);
}

/** One after the other, as they are now. */
async function stageAll(store: DiskObjectStore, components: readonly DiskObject[]): Promise<StagedContent> {
  const contents: Readable[] = [];
  async function* content() {
    for (const each of contents) yield* each as AsyncIterable<Buffer>;
  }
  try {
    for (const each of components) contents.push(store.content(each));
    return await store.stage(content());
  } finally {
    for (const each of contents) each.destroy();
  }
}
