import { randomUUID } from "node:crypto";

import { failedPrecondition, GoogleError, notFound } from "../google-error.js";
import type { LogStore } from "../logs.js";
import type { OperationContext, OperationResource, Operations } from "../operations.js";
import { projectNumber } from "../project-number.js";
import type { Collection, StateStore } from "../state.js";
import { BuildFailure } from "./build-failure.js";
import { type Build, durationSeconds, parseBuild } from "./build-message.js";
import { type BuildEnvironment, runBuild } from "./build-runner.js";
import { applySubstitutions } from "./substitutions.js";

const api = "type.googleapis.com/google.devtools.cloudbuild.v1";

/** The emulator's builds: those running, and those that were. */
export class Builds {
  readonly #builds: Collection<Build>;
  readonly #operations: Operations;
  readonly #logs: LogStore;
  readonly #environment: BuildEnvironment;

  constructor(options: { state: StateStore; operations: Operations; logs: LogStore; environment: BuildEnvironment }) {
    this.#builds = options.state.collection<Build>("builds");
    this.#operations = options.operations;
    this.#logs = options.logs;
    this.#environment = options.environment;
    for (const build of this.#builds.values()) {
      if (isRunning(build)) this.#end(build.id, "INTERNAL_ERROR", "The emulator was stopped while the build ran.");
    }
  }

  /** @throws GoogleError for a build that Cloud Build would not take. */
  create(project: string, location: string, body: unknown): OperationResource {
    const id = randomUUID();
    const number = projectNumber(project);
    const builtin = { PROJECT_ID: project, PROJECT_NUMBER: number, BUILD_ID: id, LOCATION: location };
    const request = applySubstitutions(parseBuild(body), builtin);
    const build: Build = {
      timeout: "3600s",
      queueTtl: "3600s",
      ...request,
      id,
      name: `projects/${number}/locations/${location}/builds/${id}`,
      projectId: project,
      status: "QUEUED",
      createTime: new Date().toISOString(),
      logUrl: `https://console.cloud.google.com/cloud-build/builds;region=${location}/${id}?project=${number}`,
    };
    this.#builds.set(id, build);
    return this.#operations.start(
      { parent: `projects/${project}/locations/${location}`, id: operationId(id) },
      { "@type": `${api}.BuildOperationMetadata`, build },
      (context) => this.#run(id, context),
    );
  }

  /** @throws GoogleError NOT_FOUND. */
  get(project: string, location: string, id: string): Build {
    const build = this.#builds.get(id);
    if (!build || build.name !== `projects/${projectNumber(project)}/locations/${location}/builds/${id}`) {
      throw notFound("Requested entity was not found.");
    }
    return build;
  }

  /** The builds of a project's location, newest first. */
  list(project: string, location: string): Build[] {
    const parent = `projects/${projectNumber(project)}/locations/${location}/`;
    const builds = this.#builds.values().filter((build) => build.name.startsWith(parent));
    return builds.toReversed();
  }

  /** @throws GoogleError NOT_FOUND; FAILED_PRECONDITION for a build that is over. */
  cancel(project: string, location: string, id: string): Build {
    const build = this.get(project, location, id);
    if (!isRunning(build)) throw failedPrecondition(`Build "${id}" is not in progress: its status is ${build.status}.`);
    this.#end(id, "CANCELLED", "The build was cancelled.");
    this.#operations.cancel(`projects/${build.projectId}/locations/${location}/operations/${operationId(id)}`);
    return this.#builds.get(id)!;
  }

  async #run(id: string, context: OperationContext): Promise<unknown> {
    const change = (patch: Partial<Build>): Build => {
      const changed = { ...this.#builds.get(id)!, ...patch };
      this.#builds.set(id, changed);
      context.update({ build: changed });
      return changed;
    };
    const log = (line: string) => this.#log(this.#builds.get(id)!, line);
    const build = change({ status: "WORKING", startTime: new Date().toISOString() });
    log(`starting build "${id}"`);
    const timeout = AbortSignal.timeout(durationSeconds(build.timeout) * 1000);
    try {
      await runBuild(build, this.#environment, { log, change }, AbortSignal.any([context.signal, timeout]));
    } catch (error) {
      throw this.#fail(id, error, timeout.aborted, change);
    }
    const done = change({ status: "SUCCESS", finishTime: new Date().toISOString() });
    return { "@type": `${api}.Build`, ...done };
  }

  /** Notes why a build failed. @returns The operation's error. */
  #fail(id: string, error: unknown, timedOut: boolean, change: (patch: Partial<Build>) => Build): GoogleError {
    const finishTime = new Date().toISOString();
    const build = this.#builds.get(id)!;
    if (!isRunning(build)) {
      change({});
      return new GoogleError(499, "CANCELLED", "Build cancelled");
    }
    if (timedOut) {
      this.#log(build, "TIMEOUT");
      change({ status: "TIMEOUT", statusDetail: "Build timed out", finishTime });
      return new GoogleError(504, "DEADLINE_EXCEEDED", "Build timed out");
    }
    const detail = error instanceof Error ? error.message : String(error);
    this.#log(build, `ERROR: ${detail}`, "ERROR");
    const type = error instanceof BuildFailure ? error.type : "FAILURE_TYPE_UNSPECIFIED";
    change({ status: "FAILURE", statusDetail: detail, failureInfo: { type, detail }, finishTime });
    return new GoogleError(500, "UNKNOWN", `Build failed; check build logs for details: ${detail}`);
  }

  #end(id: string, status: "CANCELLED" | "INTERNAL_ERROR", statusDetail: string): void {
    this.#builds.set(id, { ...this.#builds.get(id)!, status, statusDetail, finishTime: new Date().toISOString() });
  }

  #log(build: Build, textPayload: string, severity: "INFO" | "ERROR" = "INFO"): void {
    if (build.options?.logging === "NONE") return;
    this.#logs.append({
      projectId: build.projectId,
      resource: {
        type: "build",
        labels: { build_id: build.id, build_trigger_id: "", project_id: build.projectId },
      },
      severity,
      textPayload,
    });
  }
}

function isRunning(build: Build): boolean {
  return build.status === "QUEUED" || build.status === "WORKING";
}

function operationId(buildId: string): string {
  return Buffer.from(buildId).toString("base64url");
}
