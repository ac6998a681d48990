import type { EmulatorRequest, EmulatorResponse, Route } from "../http.js";
import type { Projects } from "../projects/projects.js";

export const modelPath = "/models/(?<model>[^/:]+)";
export const versionPath = `${modelPath}/versions/(?<version>[^/:]+)`;

/** Makes routes below `/v1/projects/…`, and the names of the resources there, which have the project's id. */
export class Paths {
  readonly #projects: Projects;

  constructor(projects: Projects) {
    this.#projects = projects;
  }

  /** @param suffix Regular expression of the path after the project. */
  route(
    method: string,
    suffix: string,
    handle: (request: EmulatorRequest) => EmulatorResponse | Promise<EmulatorResponse>,
  ): Route {
    return {
      method,
      pattern: new RegExp(`^/v1/projects/(?<project>[^/:]+)${suffix}$`),
      handle: async (request) => handle(request),
    };
  }

  project(request: EmulatorRequest): string {
    return `projects/${this.#projects.resolve(request.param("project")).projectId}`;
  }

  model(request: EmulatorRequest): string {
    return `${this.project(request)}/models/${request.param("model")}`;
  }

  version(request: EmulatorRequest): string {
    return `${this.model(request)}/versions/${request.param("version")}`;
  }
}
