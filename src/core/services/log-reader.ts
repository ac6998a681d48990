import type { StepContext } from "../progress.js";

/** What containers, jobs and builds wrote. */
export interface LogReader {
  /** The last lines of an endpoint's containers since a time, oldest first. */
  containerLog(endpointId: string, query: LogQuery, context: StepContext): Promise<string[]>;
  /** The last lines that the containers of a batch job wrote since a time, oldest first. Optional: it explains an error. */
  jobLog?(jobId: string, query: LogQuery, context: StepContext): Promise<string[]>;
  /** The last lines of a build. */
  buildLog(buildId: string, query: LogQuery, context: StepContext): Promise<string[]>;
}

/** Which lines of a log are wanted. */
export interface LogQuery {
  /** RFC 3339. */
  since: string;
  lines: number;
  /** Of a container's log: the deployed models whose lines are left out, where it is known whose they are. */
  exceptDeployedModels?: readonly string[] | undefined;
  /** Rejects when the log cannot be read. Default: it is then empty, since it is there to explain another error. */
  mustBeRead?: boolean | undefined;
}
