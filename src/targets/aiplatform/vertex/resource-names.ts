/** Full names of resources in one project and location. */
export interface ResourceNames {
  /** `projects/p/locations/l`. */
  parent: string;
  model(id: string): string;
  endpoint(id: string): string;
  /** A name that Vertex AI gave, with the project's id in place of its number: the API takes both, and answers with the number. */
  own(name: string): string;
}

export function resourceNames(project: string, location: string): ResourceNames {
  const parent = `projects/${project}/locations/${location}`;
  return {
    parent,
    model: (id) => `${parent}/models/${id}`,
    endpoint: (id) => `${parent}/endpoints/${id}`,
    own: (name) => name.replace(/^projects\/[^/]+\//, () => `projects/${project}/`),
  };
}

/** The last part: of `projects/p/locations/l/endpoints/e`, `e`. */
export function idOf(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

/** The project's id or number in a full name. */
export function projectOf(name: string): string {
  return name.split("/")[1] ?? "";
}

/** A model's name without the version that may follow: `…/models/m@2` is `…/models/m`. */
export function withoutVersion(modelName: string): string {
  return modelName.replace(/@[^/@]*$/, "");
}
