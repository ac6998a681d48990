import { isAnyOf } from "../google/operations.js";
import { failed, type Finding, fromError, ok, warning } from "./check.js";
import { type NeededPermissions, neededPermissions } from "./needed-permissions.js";
import { ask, callerOf, capitalized, type Place } from "./place.js";

/** Whether the caller has the permissions in the project that deployments take. */
export async function permissions(place: Place, signal: AbortSignal): Promise<Finding> {
  const needed = neededPermissions(place.settings);
  let granted: ReadonlySet<string>;
  try {
    granted = await grantedInProject(
      place,
      needed.flatMap((each) => each.permissions),
      signal,
    );
  } catch (error) {
    // Google asks for no permission to tell this, but the API that does has to be enabled
    if (isAnyOf(error, "PERMISSION_DENIED", "RESOURCE_DOES_NOT_EXIST")) {
      const advice = `Check the project's id; if it is right, have ${await callerOf(place)} be given roles in it.`;
      return failed(fromError(error, "").message, advice);
    }
    if (!isAnyOf(error, "FAILED_PRECONDITION")) throw error;
    return fromError(error, "See the page IAM & Admin of the Google Cloud console.", "warning");
  }
  const missing = needed
    .map((each) => ({ ...each, permissions: each.permissions.filter((permission) => !granted.has(permission)) }))
    .filter(({ permissions: lacking }) => lacking.length > 0);
  const mandatory = missing.filter(({ onlyFor }) => onlyFor === null);
  if (mandatory.length > 0) return describe(mandatory, failed, place);
  if (missing.length > 0) return describe(missing, warning, place);
  return ok(`${capitalized(await callerOf(place))} has what deployments need.`);
}

/** Of `wanted`, the permissions that the caller has in the whole project. */
export async function grantedInProject(
  place: Place,
  wanted: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const project = await place.project();
  const { permissions: granted } = await ask(
    place,
    "cloudresourcemanager",
    `Reading the permissions in the project ${project}`,
    signal,
    async (settings) =>
      (await place.connection.cloudresourcemanager()).projects.testIamPermissions(
        { resource: `projects/${project}`, requestBody: { permissions: [...wanted] } },
        settings,
      ),
  );
  return new Set(granted ?? []);
}

async function describe(
  missing: readonly NeededPermissions[],
  finding: (message: string, advice: string) => Finding,
  place: Place,
): Promise<Finding> {
  const lacks = missing.map(({ permissions: names, onlyFor }) => {
    const list = names.join(", ");
    return onlyFor === null ? list : `${list} (needed for ${onlyFor})`;
  });
  const roles = missing.map(({ role }) => role).join(", ");
  const caller = await callerOf(place);
  return finding(
    `${capitalized(caller)} lacks ${lacks.join(", ")}.`,
    `Grant ${caller} ${roles} in the project ${await place.project()}.`,
  );
}
