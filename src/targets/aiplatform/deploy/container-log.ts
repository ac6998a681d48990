import type { Call } from "../call.js";

/** How many of the container's last lines an error shows, and how many characters of each. */
const shown = { lines: 20, characters: 1000 };
/** The log's clock is the platform's. */
const clockToleranceMs = 60_000;
/** A shorter value of an environment variable is no secret, and would be found everywhere. */
const shortestSecret = 5;

/**
 * The last lines that containers wrote, for the end of an error's message; empty where there are none. The error is kept in
 * the deployment's record, so that values of environment variables are not shown, though a container may write them.
 *
 * @param since - RFC 3339.
 */
export async function containerLog(endpointId: string, since: string, call: Call): Promise<string> {
  const { services, settings, context } = call;
  const query = { since: new Date(Date.parse(since) - clockToleranceMs).toISOString(), lines: shown.lines };
  // not the caller's signal: why it failed is what a caller that has stopped wants to know
  const lines = await services.logReader.containerLog(endpointId, query, { report: context.report });
  if (lines.length === 0) return "";
  const text = lines.map((line) => `\n  ${withoutValues(line, settings.env).slice(0, shown.characters)}`);
  return `\nThe container's last lines:${text.join("")}`;
}

function withoutValues(line: string, env: Record<string, string>): string {
  const secrets = Object.entries(env).filter(([, value]) => value.length >= shortestSecret);
  return secrets.reduce((text, [name, value]) => text.replaceAll(value, () => `$(${name})`), line);
}
