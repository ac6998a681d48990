import { invalidArgument, notFound } from "../google-error.js";
import type { Route } from "../http.js";
import type { Project, Projects } from "./projects.js";

/** The most that `services.batchGet` takes at a time. */
const largestBatch = 30;

/** Service Usage v1: `services.get` and `services.batchGet`. Every API of Google's is enabled. */
export function serviceUsageRoutes(projects: Projects): Route[] {
  const services = "/v1/projects/(?<project>[^/]+)/services";
  return [
    {
      method: "GET",
      pattern: new RegExp(`^${services}/(?<service>[^/:]+)$`),
      handle: async (request) => ({
        json: serviceOf(projects.resolve(request.param("project")), request.param("service")),
      }),
    },
    {
      method: "GET",
      pattern: new RegExp(`^${services}:batchGet$`),
      handle: async (request) => {
        const parent = projects.resolve(request.param("project"));
        const names = request.query.getAll("names");
        if (names.length === 0) throw invalidArgument("names must not be empty.");
        if (names.length > largestBatch) throw invalidArgument(`At most ${largestBatch} services can be requested.`);
        return { json: { services: names.map((name) => serviceOf(parent, serviceIn(name, parent, projects))) } };
      },
    },
  ];
}

/** `projects/P/services/S`, of which P must be the parent, by its id or number. */
function serviceIn(name: string, parent: Project, projects: Projects): string {
  const { project, service } = /^projects\/(?<project>[^/]+)\/services\/(?<service>[^/]+)$/.exec(name)?.groups ?? {};
  if (project === undefined || service === undefined) throw invalidArgument(`Invalid service name: ${name}`);
  if (projects.resolve(project).projectNumber === parent.projectNumber) return service;
  throw invalidArgument(`The parent of ${name} is not projects/${parent.projectId}.`);
}

function serviceOf({ projectNumber }: Project, service: string) {
  if (!/^[a-z][a-z0-9-]*\.googleapis\.com$/.test(service)) throw notFound(`Service ${service} was not found.`);
  const parent = `projects/${projectNumber}`;
  return { name: `${parent}/services/${service}`, config: { name: service }, state: "ENABLED", parent };
}
