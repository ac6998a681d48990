import { projectNumber } from "../project-number.js";
import type { Collection, StateStore } from "../state.js";

/** A project by both of its names. */
export interface Project {
  projectId: string;
  projectNumber: string;
}

/** Knows projects by id and number. Every id is that of a project. */
export class Projects {
  /** Project ids, by number. */
  readonly #ids: Collection<string>;

  constructor(state: StateStore) {
    this.#ids = state.collection<string>("projects");
  }

  /** @param project An id, or the number of a project that was seen before. */
  resolve(project: string): Project {
    const number = projectNumber(project);
    if (number !== project && !this.#ids.has(number)) this.#ids.set(number, project);
    return { projectId: this.#ids.get(number) ?? project, projectNumber: number };
  }
}
