import type { LogQuery } from "../../../core/services.js";
import type { Call } from "../call.js";

/** How many of the container's last lines an error shows, and how many characters of each. */
const shown = { lines: 20, characters: 1000 };
/** The log's clock is the platform's. */
const clockToleranceMs = 60_000;
/** A shorter value of an environment variable is no secret, and would be found everywhere. */
const shortestSecret = 5;

/**
 * The last lines that an endpoint's containers wrote, for the end of an error's message; empty where there are none.
 *
 * @param since - RFC 3339.
 */
export async function containerLog(endpointId: string, since: string, call: Call): Promise<string> {
  const { services, settings, context } = call;
  // not the caller's signal: why it failed is what a caller that has stopped wants to know
  const { report } = context;
  return shownLog(since, settings.env, (query) => services.logReader.containerLog(endpointId, query, { report }));
}

/**
 * The last lines of a log, for the end of an error's message. The error is kept in a record or shown, so that values of
 * environment variables are not, though a container may write them.
 *
 * @param since - RFC 3339.
 * @param env - The container's environment.
 */
export async function shownLog(
  since: string,
  env: Record<string, string>,
  read: (query: LogQuery) => Promise<string[]>,
): Promise<string> {
  const query = { since: new Date(Date.parse(since) - clockToleranceMs).toISOString(), lines: shown.lines };
  const lines = await read(query);
  if (lines.length === 0) return "";
  const text = lines.map((line) => `\n  ${withoutValues(line, env).slice(0, shown.characters)}`);
  return `\nThe container's last lines:${text.join("")}`;
}

function withoutValues(line: string, env: Record<string, string>): string {
  const secrets = Object.entries(env).filter(([, value]) => value.length >= shortestSecret);
  return secrets.reduce((text, [name, value]) => text.replaceAll(value, () => `$(${name})`), line);
}
