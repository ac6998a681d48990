import { randomUUID } from "node:crypto";

import { projectNumber } from "./project-number.js";
import type { Collection, StateStore } from "./state.js";

/** Levels of `LogSeverity`, lowest first. */
export const severities = [
  "DEFAULT",
  "DEBUG",
  "INFO",
  "NOTICE",
  "WARNING",
  "ERROR",
  "CRITICAL",
  "ALERT",
  "EMERGENCY",
] as const;

export type Severity = (typeof severities)[number];

/** What wrote a line, such as `build` with the label `build_id`. */
export interface MonitoredResource {
  type: string;
  labels: Record<string, string>;
}

/** A line for the log. */
export interface LogLine {
  projectId: string;
  resource: MonitoredResource;
  severity: Severity;
  textPayload: string;
  /** RFC 3339; default now. */
  timestamp?: string;
  /** The last part of the log's name. Default: by the type of the resource, as Google's own services name it. */
  logId?: string;
}

/** `LogEntry` of Cloud Logging v2, as far as the emulator's services write it. */
export interface LogEntry {
  insertId: string;
  logName: string;
  resource: MonitoredResource;
  severity: Severity;
  textPayload: string;
  timestamp: string;
  receiveTimestamp: string;
}

/** The names under which Google's services write their logs. */
const logIds: Readonly<Record<string, string>> = {
  build: "cloudbuild",
  cloudml_model_version: "ml.googleapis.com",
  "aiplatform.googleapis.com/Endpoint": "aiplatform.googleapis.com%2Fprediction_container",
};

/** A container that logs each request must not fill the memory: older lines of a project go first. */
const maxEntries = 20_000;

/** Lines are many, so they are handed to the state together, this often. */
const saveIntervalMs = 2000;

/** The lines that builds and deployed containers wrote, oldest first, kept in memory and in the emulator's state. */
export class LogStore {
  readonly #saved: Collection<LogEntry[]>;
  readonly #entries = new Map<string, LogEntry[]>();
  #saving: NodeJS.Timeout | undefined;

  constructor(state: StateStore) {
    this.#saved = state.collection<LogEntry[]>("logs");
    for (const [project, entries] of this.#saved.entries()) this.#entries.set(project, entries);
  }

  append(line: LogLine): void {
    const now = new Date().toISOString();
    const logId = line.logId ?? logIds[line.resource.type] ?? encodeURIComponent(line.resource.type);
    const entries = this.#entries.get(line.projectId) ?? [];
    this.#entries.set(line.projectId, entries);
    entries.push({
      insertId: randomUUID(),
      logName: `projects/${line.projectId}/logs/${logId}`,
      resource: line.resource,
      severity: line.severity,
      textPayload: line.textPayload,
      timestamp: line.timestamp ?? now,
      receiveTimestamp: now,
    });
    if (entries.length > maxEntries) entries.splice(0, maxEntries / 10);
    this.#saving ??= setTimeout(() => this.save(), saveIntervalMs).unref();
  }

  /** The lines of a project, by its id or number, oldest first. */
  ofProject(project: string): LogEntry[] {
    const number = projectNumber(project);
    return [...this.#entries].flatMap(([id, entries]) => (projectNumber(id) === number ? entries : []));
  }

  /** Hands the lines to the state. */
  save(): void {
    clearTimeout(this.#saving);
    this.#saving = undefined;
    for (const [project, entries] of this.#entries) this.#saved.set(project, entries);
  }
}
