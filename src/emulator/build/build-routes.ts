import { unimplemented } from "../google-error.js";
import type { Route } from "../http.js";
import { pageOf } from "../paging.js";
import { parseMessage } from "../payload.js";
import type { Build } from "./build-message.js";
import type { Builds } from "./builds.js";

/** Cloud Build v1: builds. The operations that they are have the routes of all operations of a location. */
export function buildRoutes(builds: Builds): Route[] {
  const location = "/v1/projects/(?<project>[^/]+)/locations/(?<location>[^/]+)";
  const build = `${location}/builds/(?<build>[^/:]+)`;
  return [
    route("POST", `${location}/builds`, async (request) => ({
      json: builds.create(request.param("project"), request.param("location"), await request.json()),
    })),
    route("GET", `${location}/builds`, async (request) => {
      const { query } = request;
      const matches = parseFilter(query.get("filter") ?? "");
      const all = builds.list(request.param("project"), request.param("location")).filter(matches);
      const wanted = { pageSize: query.get("pageSize"), pageToken: query.get("pageToken") };
      const { items, ...token } = pageOf(all, wanted, { default: 20, max: 1000 });
      return { json: { ...(items.length > 0 ? { builds: items } : {}), ...token } };
    }),
    route("GET", build, async (request) => ({
      json: builds.get(request.param("project"), request.param("location"), request.param("build")),
    })),
    route("POST", `${build}:cancel`, async (request) => {
      parseMessage(await request.json(), { id: "string", name: "string", projectId: "string" });
      return { json: builds.cancel(request.param("project"), request.param("location"), request.param("build")) };
    }),
  ];
}

function route(method: string, path: string, handle: Route["handle"]): Route {
  return { method, pattern: new RegExp(`^${path}$`), handle };
}

/** The part of "View build results: filtering" that the emulator knows: `tags`, `status` and `id`, joined by AND. */
function parseFilter(filter: string): (build: Build) => boolean {
  const terms = filter.split(/\s+AND\s+/).filter((term) => term.trim() !== "");
  const tests = terms.map((term) => {
    const [, field, quoted, bare] = /^\s*(tags|status|id)\s*=\s*(?:"([^"]*)"|([\w-]+))\s*$/.exec(term) ?? [];
    const value = quoted ?? bare;
    if (field === undefined || value === undefined) {
      throw unimplemented(`The emulator's filter of builds knows tags, status and id joined by AND, not: ${term}`);
    }
    return (build: Build) =>
      field === "tags" ? !!build.tags?.includes(value) : build[field as "status" | "id"] === value;
  });
  return (build) => tests.every((test) => test(build));
}
