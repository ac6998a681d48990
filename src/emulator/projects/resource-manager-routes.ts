import { invalidArgument } from "../google-error.js";
import type { Route } from "../http.js";
import { parseMessage } from "../payload.js";
import type { Projects } from "./projects.js";

/** Cloud Resource Manager v1 and v3: `projects.get` and `projects.testIamPermissions`. */
export function resourceManagerRoutes(projects: Projects): Route[] {
  const project = "/projects/(?<project>[^/:]+)";
  return [
    {
      method: "GET",
      pattern: new RegExp(`^/v1${project}$`),
      handle: async (request) => {
        const { projectId, projectNumber } = projects.resolve(request.param("project"));
        return { json: { projectNumber, projectId, lifecycleState: "ACTIVE", name: projectId } };
      },
    },
    {
      method: "GET",
      pattern: new RegExp(`^/v3${project}$`),
      handle: async (request) => {
        const { projectId, projectNumber } = projects.resolve(request.param("project"));
        return { json: { name: `projects/${projectNumber}`, projectId, state: "ACTIVE", displayName: projectId } };
      },
    },
    {
      method: "POST",
      pattern: new RegExp(`^/v[13]${project}:testIamPermissions$`),
      handle: async (request) => {
        const { permissions = [] } = parseMessage(await request.json(), { permissions: { list: "string" } }) as {
          permissions?: string[];
        };
        const wrong = permissions.find((each) => !/^[a-zA-Z0-9]+(?:\.[a-zA-Z0-9]+){2,}$/.test(each));
        if (wrong !== undefined) throw invalidArgument(`Permission ${wrong} is not valid for this resource.`);
        // there is no access control here but for containers, so whoever asks may do everything
        return { json: permissions.length > 0 ? { permissions } : {} };
      },
    },
  ];
}
