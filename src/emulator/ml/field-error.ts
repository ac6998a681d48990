import { GoogleError } from "../google-error.js";

const httpStatus = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  NOT_FOUND: 404,
  ABORTED: 409,
  ALREADY_EXISTS: 409,
};

/** Something that is wrong with one field of a request. */
export interface FieldProblem {
  /** Path with proto names, such as `version.deployment_uri`. */
  field: string;
  description: string;
}

/** An error in AI Platform's own form: `Field: model.name Error: A model with the same name already exists.` */
export function fieldError(status: keyof typeof httpStatus, ...problems: readonly FieldProblem[]): GoogleError {
  const message = problems.map(({ field, description }) => `Field: ${field} Error: ${description}`).join("\n");
  return new GoogleError(httpStatus[status], status, message, [
    { "@type": "type.googleapis.com/google.rpc.BadRequest", fieldViolations: problems },
  ]);
}

/** @throws GoogleError when there is any problem. */
export function throwProblems(status: keyof typeof httpStatus, problems: readonly FieldProblem[]): void {
  if (problems.length > 0) throw fieldError(status, ...problems);
}

/** A name that a user gives a model or version. */
export function nameProblems(field: string, name: string | undefined): FieldProblem[] {
  if (name === undefined) return [{ field, description: "A name is required." }];
  if (/^[A-Za-z][A-Za-z0-9_]{0,127}$/.test(name)) return [];
  const description =
    "A name should start with a letter and contain only letters, numbers and underscores, at most 128 of them.";
  return [{ field, description }];
}
