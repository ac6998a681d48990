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

/** `entries.list` refuses larger pages. */
const maxPageSize = 1000;
/** Pages beyond those that the lines need: Cloud Logging may answer empty ones while it still searches (`entries.list`). */
const sparePages = 5;

/**
 * Logs of containers and builds, from Cloud Logging. What cannot be read is empty, and a warning: the log is there to
 * explain an error, and must not hide it. Only `LogQuery.mustBeRead` makes it an error.
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

  jobLog(jobId: string, query: LogQuery, context: StepContext): Promise<string[]> {
    return this.#last(`resource.type="ml_job" AND resource.labels.job_id=${quoted(jobId)}`, query, context);
  }

  buildLog(buildId: string, query: LogQuery, context: StepContext): Promise<string[]> {
    return this.#last(`resource.type="build" AND resource.labels.build_id=${quoted(buildId)}`, query, context);
  }

  async #last(resource: string, query: LogQuery, context: StepContext): Promise<string[]> {
    try {
      return await this.#read(resource, query, context);
    } catch (error) {
      if (query.mustBeRead) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      context.report({ type: "warning", message: `The log could not be read. ${reason}` });
      return [];
    }
  }

  async #read(resource: string, query: LogQuery, { signal }: StepContext): Promise<string[]> {
    const { since, lines, exceptDeployedModels = [] } = query;
    const filter = `${resource} AND timestamp>=${quoted(since)}`;
    const pageSize = Math.min(lines, maxPageSize);
    const maxPages = Math.ceil(lines / maxPageSize) + sparePages;
    const newestFirst: string[] = [];
    let pageToken: string | undefined;
    for (let page = 0; page < maxPages && newestFirst.length < lines; page++) {
      const answer = await this.#page(filter, pageSize, pageToken, signal);
      const entries = (answer.entries ?? []).filter((entry) => !isOfAny(entry, exceptDeployedModels));
      for (const entry of entries) newestFirst.push(...linesOf(entry).toReversed());
      pageToken = answer.nextPageToken || undefined;
      if (!pageToken) break;
    }
    return newestFirst.slice(0, lines).toReversed();
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

/** Whether an entry is of one of these deployed models; a container's have the label `deployed_model_id`. */
function isOfAny({ labels }: LogEntry, ids: readonly string[]): boolean {
  const id = labels?.["deployed_model_id"];
  return id !== undefined && ids.includes(id);
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
