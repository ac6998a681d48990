import { projectNumber } from "./project-number.js";
import type { Collection, StateStore } from "./state.js";

/** A project, whichever of its two names a request had. */
export interface Project {
  id: string;
  number: string;
}

/** Knows projects by id and number. */
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
    return { id: this.#ids.get(number) ?? project, number };
  }
}
