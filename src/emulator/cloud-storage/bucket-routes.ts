import type { Route } from "../http.js";
import { projectNumber } from "../project-number.js";
import { newBucket, parseBucket, patchBucket } from "./buckets.js";
import type { DiskObjectStore } from "./disk-store.js";
import { isUnmodified, parsePreconditions, requireMatch, requirePreconditions } from "./preconditions.js";
import { requiredParameter } from "./storage-error.js";
import { baseUrl, bucketToWire, storageRoute } from "./wire.js";

/** `buckets.insert`, `list`, `get`, `patch`, `delete` and `testIamPermissions`. */
export function bucketRoutes(store: DiskObjectStore): Route[] {
  const bucket = "/b/(?<bucket>[^/]+)";
  return [
    storageRoute("POST", "/b", async (request) => {
      const project = request.query.get("project");
      if (!project) throw requiredParameter("project");
      const settings = parseBucket(await request.json());
      if (!settings.name) throw requiredParameter("name");
      const inserted = await store.insertBucket(newBucket(settings, project));
      return { json: bucketToWire(inserted, baseUrl(request)) };
    }),
    storageRoute("GET", "/b", async (request) => {
      const project = request.query.get("project");
      if (!project) throw requiredParameter("project");
      const prefix = request.query.get("prefix") ?? "";
      const owned = store.buckets.filter((each) => each.projectNumber === projectNumber(project));
      const items = owned
        .filter((each) => each.name.startsWith(prefix))
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .map((each) => bucketToWire(each, baseUrl(request)));
      return { json: { kind: "storage#buckets", ...(items.length > 0 ? { items } : {}) } };
    }),
    storageRoute("GET", bucket, async (request) => {
      const found = store.bucket(request.param("bucket"));
      const conditions = parsePreconditions(request.query);
      requireMatch(conditions, { generation: "", metageneration: found.metageneration });
      if (isUnmodified(conditions, { generation: "", metageneration: found.metageneration })) return { status: 304 };
      return { json: bucketToWire(found, baseUrl(request)) };
    }),
    storageRoute("PATCH", bucket, async (request) => {
      const found = store.bucket(request.param("bucket"));
      const body = await request.json();
      requirePreconditions(parsePreconditions(request.query), {
        generation: "",
        metageneration: found.metageneration,
      });
      const patched = patchBucket(found, body);
      store.updateBucket(patched);
      return { json: bucketToWire(patched, baseUrl(request)) };
    }),
    storageRoute("DELETE", bucket, async (request) => {
      const found = store.bucket(request.param("bucket"));
      requirePreconditions(parsePreconditions(request.query), {
        generation: "",
        metageneration: found.metageneration,
      });
      await store.deleteBucket(found.name);
      return { status: 204 };
    }),
    storageRoute("GET", `${bucket}/iam/testPermissions`, async (request) => {
      store.bucket(request.param("bucket"));
      // there is no access control here but for containers, so whoever asks may do everything
      const permissions = request.query.getAll("permissions");
      return { json: { kind: "storage#testIamPermissionsResponse", permissions } };
    }),
  ];
}
