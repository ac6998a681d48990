import { invalidArgument } from "../google-error.js";
import type { Route } from "../http.js";
import type { LogStore } from "../logs.js";
import { pageOf } from "../paging.js";
import { parseMessage } from "../payload.js";
import { parseLogFilter } from "./log-filter.js";

interface ListRequest {
  resourceNames?: string[];
  projectIds?: string[];
  filter?: string;
  orderBy?: string;
  pageSize?: number;
  pageToken?: string;
}

/** Cloud Logging v2: `entries.list`. */
export function logRoutes(logs: LogStore): Route[] {
  return [
    {
      method: "POST",
      pattern: /^\/v2\/entries:list$/,
      handle: async (request) => {
        const wanted: ListRequest = parseMessage(await request.json(), {
          resourceNames: { list: "string" },
          projectIds: { list: "string" },
          filter: "string",
          orderBy: "string",
          pageSize: "int32",
          pageToken: "string",
        });
        const matches = parseLogFilter(wanted.filter ?? "");
        const descending = isDescending(wanted.orderBy);
        const entries = projectsOf(wanted).flatMap((project) => logs.ofProject(project).filter(matches));
        // of the same moment, as they were written
        entries.sort((a, b) => Date.parse(a.timestamp) - Date.parse(b.timestamp));
        if (descending) entries.reverse();
        const { items, ...token } = pageOf(entries, wanted, { default: 50, max: 1000 });
        return { json: { ...(items.length > 0 ? { entries: items } : {}), ...token } };
      },
    },
  ];
}

function projectsOf({ resourceNames = [], projectIds = [] }: ListRequest): string[] {
  const named = resourceNames.map((name) => {
    const project = /^projects\/([^/]+)$/.exec(name)?.[1];
    if (project === undefined) throw invalidArgument(`The name is not a project's: ${name}`);
    return project;
  });
  const projects = [...new Set([...named, ...projectIds])];
  if (projects.length === 0) throw invalidArgument("At least one resource name must be provided.");
  return projects;
}

function isDescending(orderBy = "timestamp asc"): boolean {
  if (!/^timestamp( asc| desc)?$/.test(orderBy)) throw invalidArgument(`Unsupported order: ${orderBy}`);
  return orderBy.endsWith("desc");
}
