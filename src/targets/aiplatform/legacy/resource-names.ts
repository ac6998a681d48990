/** Full names of resources in one project. */
export interface ResourceNames {
  /** `projects/p`. */
  parent: string;
  /** `projects/p/models/m`. */
  model(id: string): string;
  /** A name that the platform gave, with the project's id in place of its number. */
  own(name: string): string;
  /** The last part: of `projects/p/models/m/versions/v`, `v`. */
  idOf(name: string): string;
}

export function resourceNames(project: string): ResourceNames {
  const parent = `projects/${project}`;
  return {
    parent,
    model: (id) => `${parent}/models/${id}`,
    own: (name) => name.replace(/^projects\/[^/]+\//, () => `${parent}/`),
    idOf: (name) => name.slice(name.lastIndexOf("/") + 1),
  };
}

/** A version by its model's full name: `projects/p/models/m/versions/v`. */
export function versionResourceName(model: string, versionId: string): string {
  return `${model}/versions/${versionId}`;
}

/** Of `projects/p/models/m/versions/v`, `projects/p/models/m`. */
export function modelOf(versionResource: string): string {
  return versionResource.replace(/\/versions\/[^/]*$/, "");
}
