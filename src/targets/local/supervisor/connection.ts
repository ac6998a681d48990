import { DeploymentError, type ErrorCode } from "../../../core/errors.js";
import { isProcessAlive } from "../../../core/process-alive.js";
import { askForText } from "../../../runtime/loopback-client.js";
import { processIdentity } from "../../../runtime/process-identity.js";
import type { DeploymentDirectory } from "../state/deployment-directory.js";
import type { ServeRequest, SupervisorState, SupervisorStatus } from "../state/supervisor-state.js";

/** How long a supervisor may take to say how it is. Milliseconds. */
const statusSilenceMs = 5000;
/** How long it may take to stop what serves, before it is killed. Milliseconds. */
const stopLimitMs = 20_000;

/** A supervisor that runs, as the programs which manage its deployment see it. */
export class SupervisorConnection {
  private constructor(readonly state: SupervisorState) {}

  /** The supervisor of a deployment; null when there is none, or it has ended, as when the machine was started again. */
  static async find(directory: DeploymentDirectory): Promise<SupervisorConnection | null> {
    const state = await directory.readSupervisor();
    return state && (await isRunning(state)) ? new SupervisorConnection(state) : null;
  }

  /**
   * How it is. Null when it has ended meanwhile.
   *
   * @throws DeploymentError `TEMPORARILY_UNAVAILABLE` when it runs and does not answer.
   */
  async status(): Promise<SupervisorStatus | null> {
    try {
      const status = await this.#ask<SupervisorStatus>("GET", "/status", { silenceMs: statusSilenceMs });
      return status.id === this.state.id ? status : null;
    } catch (error) {
      if (await isRunning(this.state)) throw error;
      return null;
    }
  }

  /**
   * Has a spec served, and waits until it is.
   *
   * @returns Whether anything changed.
   * @throws DeploymentError `FAILED_PRECONDITION` with the last lines of what does not start.
   */
  async serve(request: ServeRequest, signal: AbortSignal | undefined): Promise<boolean> {
    return (await this.#ask<{ changed: boolean }>("POST", "/serve", { body: request, signal })).changed;
  }

  /** Ends it and all it runs. One that does not answer is killed, and its processes with it. */
  async stop(): Promise<void> {
    await this.#ask("POST", "/stop", { silenceMs: statusSilenceMs }).catch(() => {}); // seen below
    if (await this.#endsWithin(stopLimitMs)) return;
    if (this.state.startIdentity !== null) process.kill(this.state.pid, "SIGKILL");
    if (await this.#endsWithin(statusSilenceMs)) return;
    throw new DeploymentError(
      "FAILED_PRECONDITION",
      `The supervisor, process ${this.state.pid}, does not end. End it, and then delete the deployment again.`,
    );
  }

  async #endsWithin(milliseconds: number): Promise<boolean> {
    const deadline = Date.now() + milliseconds;
    while (Date.now() < deadline) {
      if (!(await isRunning(this.state))) return true;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return false;
  }

  async #ask<T>(
    method: "GET" | "POST",
    path: string,
    options: { body?: unknown; silenceMs?: number; signal?: AbortSignal | undefined },
  ): Promise<T> {
    const { answer, body } = await askForText({
      port: this.state.controlPort,
      method,
      path,
      headers: { authorization: `Bearer ${this.state.token}` },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      silenceMs: options.silenceMs,
      signal: options.signal,
    });
    const content = JSON.parse(body) as T & { error?: { code: ErrorCode; message: string } };
    if (answer.statusCode === 200) return content;
    throw new DeploymentError(content.error?.code ?? "INTERNAL_ERROR", content.error?.message ?? body.slice(0, 200));
  }
}

/** A process id may have been given to a stranger since. */
async function isRunning({ pid, startIdentity }: SupervisorState): Promise<boolean> {
  if (!isProcessAlive(pid)) return false;
  return startIdentity === null || (await processIdentity(pid)) === startIdentity;
}
