import type { EmulatorRequest, EmulatorResponse, Route } from "../http.js";
import type { Project, Projects } from "../projects/projects.js";

/** A project's location, parent of Models and Endpoints. */
export interface Location extends Project {
  /** `projects/NUMBER/locations/LOCATION`: Vertex AI answers with project numbers, whatever it was asked with. */
  name: string;
  location: string;
}

/** Makes routes below `/v1/projects/…/locations/…`, and knows what they are called. */
export class Locations {
  readonly #projects: Projects;

  constructor(projects: Projects) {
    this.#projects = projects;
  }

  /** @param project An id, or the number of a project that was seen before. */
  resolve(project: string, location: string): Location {
    const known = this.#projects.resolve(project);
    return { ...known, name: `projects/${known.projectNumber}/locations/${location}`, location };
  }

  /** The full resource name with the project's number in it, or undefined for what is not below a location. */
  canonical(resourceName: string): string | undefined {
    const groups = /^projects\/(?<project>[^/]+)\/locations\/(?<location>[^/]+)(?<rest>\/.+)$/.exec(
      resourceName,
    )?.groups;
    return groups && `${this.resolve(groups["project"]!, groups["location"]!).name}${groups["rest"]}`;
  }

  /**
   * A route under a location. The Python SDK polls its operations under `/ui` instead of `/v1`.
   *
   * @param suffix Regular expression of the path after the location.
   */
  route(
    method: string,
    suffix: string,
    handle: (request: EmulatorRequest, location: Location) => EmulatorResponse | Promise<EmulatorResponse>,
    prefix = "/(?:v1|ui)",
  ): Route {
    return {
      method,
      pattern: new RegExp(`^${prefix}/projects/(?<project>[^/]+)/locations/(?<location>[^/]+)${suffix}$`),
      handle: async (request) => handle(request, this.resolve(request.param("project"), request.param("location"))),
    };
  }
}
