import { fromError, type Finding, ok } from "./check.js";
import type { Place } from "./place.js";

/** Whether Google gives a token for the credentials, and whose they are. */
export async function credentials({ connection, settings, env }: Place): Promise<Finding> {
  if (connection.emulator !== null) return ok("None are needed: the emulator asks for none.");
  const source = settings.keyFilename
    ? "the file of keyFilename"
    : env["GOOGLE_APPLICATION_CREDENTIALS"]
      ? "the file of GOOGLE_APPLICATION_CREDENTIALS"
      : "Application Default Credentials";
  try {
    await connection.authorizationHeaders(connection.aiplatformUrl(settings.location));
  } catch (error) {
    return explained(error, source);
  }
  const account = await connection.account();
  return ok(`${account ?? "An account that the credentials do not name"}, by ${source}.`);
}

const login =
  "Run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS (or keyFilename) to a file of credentials.";

function explained(error: unknown, source: string): Finding {
  const message = error instanceof Error ? error.message : "";
  if (/could not load the default credentials/i.test(message))
    return { status: "failed", message: "There are no credentials.", advice: login };
  if (/invalid_grant|invalid_rapt|expired|revoked/i.test(message))
    return { status: "failed", message: `The credentials have expired or were revoked (${source}).`, advice: login };
  if (/ENOENT|does not exist|not a file|DECODER|PEM|JSON/i.test(message))
    return { status: "failed", message: `The credentials cannot be read (${source}).`, advice: login };
  return fromError(new Error(`No token for ${source}: ${message.split("\n")[0]}`), login);
}
