import { stripVTControlCharacters } from "node:util";

import type { logging_v2 } from "googleapis/build/src/apis/logging/v2.js";

import type { Clock } from "../../../core/clock.js";
import type { StepContext } from "../../../core/progress.js";
import type { LogQuery, LogReader } from "../../../core/services.js";
import { GoogleCaller } from "./call.js";
import type { GoogleConnection } from "./connection.js";

type LogEntry = logging_v2.Schema$LogEntry;

/** Whose logs are read, and which of them a platform's containers write. */
export interface LogReaderOptions {
  connection: GoogleConnection;
  /** The project's id. */
  project: string;
  /** The filter for what the containers of an endpoint wrote, in Cloud Logging's query language. */
  containers(endpointId: string): string;
  clock?: Clock | undefined;
}

/** Pages that are read at most: Cloud Logging may answer empty ones while it still searches (`entries.list`). */
const maxPages = 5;

/**
 * Logs of containers and builds, from Cloud Logging. What cannot be read is empty, and a warning: the log is there to
 * explain an error, and must not hide it.
 */
export class CloudLogReader implements LogReader {
  readonly #options: LogReaderOptions;
  readonly #caller: GoogleCaller;

  constructor(options: LogReaderOptions) {
    this.#options = options;
    this.#caller = new GoogleCaller(options.connection, "logging", options.clock);
  }

  containerLog(endpointId: string, query: LogQuery, context: StepContext): Promise<string[]> {
    return this.#last(this.#options.containers(endpointId), query, context);
  }

  buildLog(buildId: string, query: LogQuery, context: StepContext): Promise<string[]> {
    return this.#last(`resource.type="build" AND resource.labels.build_id=${quoted(buildId)}`, query, context);
  }

  async #last(resource: string, { since, lines }: LogQuery, context: StepContext): Promise<string[]> {
    try {
      const filter = `${resource} AND timestamp>=${quoted(since)}`;
      const newestFirst: string[] = [];
      let pageToken: string | undefined;
      for (let page = 0; page < maxPages && newestFirst.length < lines; page++) {
        const answer = await this.#page(filter, lines, pageToken, context.signal);
        newestFirst.push(...(answer.entries ?? []).flatMap((entry) => linesOf(entry).toReversed()));
        pageToken = answer.nextPageToken || undefined;
        if (!pageToken) break;
      }
      return newestFirst.slice(0, lines).toReversed();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      context.report({ type: "warning", message: `The log could not be read. ${reason}` });
      return [];
    }
  }

  #page(filter: string, pageSize: number, pageToken: string | undefined, signal: AbortSignal | undefined) {
    const { connection, project } = this.#options;
    const requestBody = {
      resourceNames: [`projects/${project}`],
      filter,
      orderBy: "timestamp desc",
      pageSize,
      ...(pageToken && { pageToken }),
    };
    return this.#caller.run({ doing: `Reading the log of the project ${project}`, signal }, async (settings) =>
      (await connection.logging()).entries.list({ requestBody }, settings),
    );
  }
}

/** The lines of an entry, as text that is safe on a terminal. */
function linesOf(entry: LogEntry): string[] {
  const { message } = (entry.jsonPayload ?? {}) as { message?: unknown };
  const text = entry.textPayload ?? (typeof message === "string" ? message : JSON.stringify(entry.jsonPayload ?? {}));
  return stripVTControlCharacters(text)
    .split(/\r?\n/)
    .map((line) => line.replace(/(?!\t)\p{Cc}/gu, "").trimEnd())
    .filter((line) => line !== "");
}

/** A text in Cloud Logging's query language. */
export function quoted(value: string): string {
  return JSON.stringify(value);
}
