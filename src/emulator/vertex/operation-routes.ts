/** `google.longrunning.Operations` under a location and under its models and endpoints. */
import { invalidArgument } from "../google-error.js";
import type { EmulatorRequest, Route } from "../http.js";
import type { Operations } from "../operations.js";
import { pageOf } from "./list-page.js";
import type { Location, Locations } from "./locations.js";

/** The longest that `:wait` keeps a connection open, in seconds. */
const longestWait = 60;

const owner = "(?<owner>(?:/(?:models|endpoints)/[^/]+)?)/operations";
const operation = `${owner}/(?<operation>[^/:]+)`;

export function operationRoutes(locations: Locations, operations: Operations): Route[] {
  /** Services that share this path, such as Artifact Registry, name their operations by project id. */
  const nameOf = (request: EmulatorRequest, { name, projectId, location }: Location): string => {
    const rest = `${request.params["owner"] ?? ""}/operations/${request.param("operation")}`;
    const byProjectId = `projects/${projectId}/locations/${location}${rest}`;
    return operations.has(byProjectId) ? byProjectId : `${name}${rest}`;
  };
  return [
    locations.route("GET", operation, (request, location) => ({ json: operations.get(nameOf(request, location)) })),
    locations.route("GET", owner, (request, location) => {
      const { page, next } = pageOf(operations.list(`${location.name}${request.params["owner"] ?? ""}`), request.query);
      return { json: { operations: page, ...(next !== undefined && { nextPageToken: next }) } };
    }),
    locations.route("POST", `${operation}:wait`, async (request, location) => {
      const timeout = seconds(request.query.get("timeout") ?? `${longestWait}s`);
      return { json: await operations.wait(nameOf(request, location), Math.min(timeout, longestWait) * 1000) };
    }),
    locations.route("POST", `${operation}:cancel`, (request, location) => {
      operations.cancel(nameOf(request, location));
      return { json: {} };
    }),
    locations.route("DELETE", operation, (request, location) => {
      operations.delete(nameOf(request, location));
      return { json: {} };
    }),
  ];
}

function seconds(duration: string): number {
  const groups = /^(?<seconds>\d+(?:\.\d{1,9})?)s$/.exec(duration)?.groups;
  if (!groups)
    throw invalidArgument(`Invalid value at 'timeout' (type.googleapis.com/google.protobuf.Duration), "${duration}"`);
  return Number(groups["seconds"]);
}
