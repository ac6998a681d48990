import { isAnyOf } from "../google/operations.js";
import { failed, type Finding, fromError, ok, skipped } from "./check.js";
import { grantedInProject } from "./permissions.js";
import { ask, callerOf, capitalized, type Place } from "./place.js";

const actAs = "iam.serviceAccounts.actAs";

/** Whether the caller may have builds and containers run as the accounts that the settings name. */
export async function serviceAccounts(place: Place, signal: AbortSignal): Promise<Finding> {
  const { buildServiceAccount, serviceAccount, serving } = place.settings;
  const named = [serving === "build" ? buildServiceAccount : undefined, serviceAccount];
  const accounts = [...new Set(named.filter((account) => account !== undefined))];
  if (accounts.length === 0) return skipped("Neither buildServiceAccount nor serviceAccount is set.");
  try {
    const inProject = await grantedInProject(place, [actAs], signal);
    for (const account of inProject.has(actAs) ? [] : accounts) {
      const problem = await problemOf(account, place, signal);
      if (problem) return problem;
    }
    return ok(`${capitalized(await callerOf(place))} may act as ${accounts.join(" and ")}.`);
  } catch (error) {
    // to deploy, nobody has to be able to read this
    if (!isAnyOf(error, "PERMISSION_DENIED", "FAILED_PRECONDITION")) throw error;
    return fromError(error, "See the page IAM & Admin > Service Accounts of the console.", "warning");
  }
}

async function problemOf(account: string, place: Place, signal: AbortSignal): Promise<Finding | null> {
  const email = account.slice(account.lastIndexOf("/") + 1);
  const owner = /@([a-z0-9-]+)\.iam\.gserviceaccount\.com$/.exec(email)?.[1] ?? (await place.project());
  const resource = `projects/${owner}/serviceAccounts/${email}`;
  const requestBody = { permissions: [actAs] };
  try {
    const { permissions = [] } = await ask(
      place,
      "iam",
      `Reading the permissions on the account ${email}`,
      signal,
      async (settings) =>
        (await place.connection.iam()).projects.serviceAccounts.testIamPermissions({ resource, requestBody }, settings),
    );
    if (permissions?.includes(actAs)) return null;
  } catch (error) {
    if (!isAnyOf(error, "RESOURCE_DOES_NOT_EXIST")) throw error;
    return failed(`The service account ${email} does not exist.`, "Correct buildServiceAccount or serviceAccount.");
  }
  const caller = await callerOf(place);
  return failed(
    `${capitalized(caller)} may not act as the service account ${email}.`,
    `Grant ${caller} roles/iam.serviceAccountUser on ${email}.`,
  );
}
