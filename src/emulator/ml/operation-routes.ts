/** `projects.operations`. */
import type { Route } from "../http.js";
import type { Operations } from "../operations.js";
import { pageOf } from "../paging.js";
import type { Paths } from "./paths.js";

const operation = "/operations/(?<operation>[^/:]+)";
const sizes = { default: 20, max: 100 };

export function operationRoutes(paths: Paths, operations: Operations): Route[] {
  return [
    paths.route("GET", "/operations", (request) => {
      const parent = `${paths.project(request)}/operations`;
      const page = { pageSize: request.query.get("pageSize"), pageToken: request.query.get("pageToken") };
      // builds, too, have operations of a project, further down
      const own = operations.list(parent).filter(({ name }) => !name.slice(parent.length + 1).includes("/"));
      const { items, ...token } = pageOf(own, page, sizes);
      return { json: { ...(items.length > 0 && { operations: items }), ...token } };
    }),
    paths.route("GET", operation, (request) => ({
      json: operations.get(`${paths.project(request)}/operations/${request.param("operation")}`),
    })),
    paths.route("POST", `${operation}:cancel`, (request) => {
      operations.cancel(`${paths.project(request)}/operations/${request.param("operation")}`);
      return { json: {} };
    }),
  ];
}
