import { EventEmitter, once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { freePort, type ManagedProcess, startProcess } from "../../runtime/process.js";
import { untilHealthy } from "./health.js";
import { type ContainerConfig, containerLaunch } from "./launch.js";

export interface ServingContainerOptions {
  /** What to run, given the port that it is to listen on and its home directory. */
  config: (port: number, home: string) => ContainerConfig;
  /** Where home directories are made: one for each process, gone with it, so that none finds what another left. */
  homes: string;
  healthRoute: string;
  /** How long the server may take to become healthy, in milliseconds. */
  startTimeoutMs: number;
  onLine: (line: string, stream: "stdout" | "stderr") => void;
}

/** Why a container never served. */
export class ContainerStartError extends Error {
  override readonly name = "ContainerStartError";
  constructor(
    readonly reason: "exited" | "never-ready" | "not-started",
    message: string,
  ) {
    super(message);
  }
}

const firstBackoffMs = 250;
const longestBackoffMs = 30_000;
/** A server that lived this long had nothing wrong at its start. */
const stableMs = 60_000;

/** One deployed model's server process: started, checked, started again when it dies, and stopped. */
export class ServingContainer {
  readonly #options: ServingContainerOptions;
  readonly #stopping = new AbortController();
  #process: ManagedProcess | undefined;
  /** Settles when the last process has ended and its home is gone. */
  #ended: Promise<void> = Promise.resolve();
  /** Emits `serving` whenever a server has become healthy. */
  readonly #events = new EventEmitter().setMaxListeners(0);
  #address: string | undefined;
  #supervision: Promise<void> = Promise.resolve();

  private constructor(options: ServingContainerOptions) {
    this.#options = options;
  }

  /**
   * Starts a container for the first time.
   *
   * @throws ContainerStartError when its server exits or is not healthy in time; nothing is left running.
   */
  static async start(options: ServingContainerOptions, signal: AbortSignal): Promise<ServingContainer> {
    const container = new ServingContainer(options);
    await container.#launch(signal);
    container.#supervision = container.#supervise(true);
    return container;
  }

  /** Takes up a container that was serving before the emulator was stopped: it is tried until it serves. */
  static resume(options: ServingContainerOptions): ServingContainer {
    const container = new ServingContainer(options);
    container.#supervision = container.#supervise(false);
    return container;
  }

  /** The server's address, such as `http://127.0.0.1:41234`, as soon as it is healthy. */
  async address(signal: AbortSignal): Promise<string> {
    const giveUp = AbortSignal.any([signal, this.#stopping.signal]);
    while (this.#address === undefined) {
      giveUp.throwIfAborted();
      await once(this.#events, "serving", { signal: giveUp });
    }
    return this.#address;
  }

  /** Stops the server for good. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error("The container was stopped."));
    await this.#process?.stop();
    await this.#supervision;
    await this.#ended;
  }

  /** One start: resolves once the server is healthy, and leaves no process when it rejects. */
  async #launch(signal: AbortSignal): Promise<void> {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const ended = new AbortController();
    signal.throwIfAborted();
    const home = await this.#makeHome();
    const process = await this.#spawn(port, home);
    this.#process = process;
    this.#ended = process.exited.then(async ({ code, signal: by }) => {
      this.#process = undefined;
      ended.abort(new ContainerStartError("exited", `exit ${by ?? code}`));
      await removeHome(home);
    });
    const timeout = AbortSignal.timeout(this.#options.startTimeoutMs);
    try {
      const any = AbortSignal.any([signal, this.#stopping.signal, ended.signal, timeout]);
      await untilHealthy(`${url}${this.#options.healthRoute}`, any);
    } catch (error) {
      await process.stop();
      await this.#ended;
      throw timeout.aborted && error === timeout.reason
        ? new ContainerStartError("never-ready", "not healthy in time")
        : error;
    }
    this.#address = url;
    this.#events.emit("serving");
  }

  async #makeHome(): Promise<string> {
    await mkdir(this.#options.homes, { recursive: true, mode: 0o700 });
    return mkdtemp(join(this.#options.homes, "container-"));
  }

  async #spawn(port: number, home: string): Promise<ManagedProcess> {
    try {
      return startProcess({ ...containerLaunch(this.#options.config(port, home)), onLine: this.#options.onLine });
    } catch (error) {
      await removeHome(home);
      throw new ContainerStartError("not-started", error instanceof Error ? error.message : String(error));
    }
  }

  /** Waits for the server to end, and starts it again, less and less often while it does not stay up. */
  async #supervise(launched: boolean): Promise<void> {
    const { signal } = this.#stopping;
    let backoff = firstBackoffMs;
    for (let running = launched; !signal.aborted; running = false) {
      const began = Date.now();
      try {
        if (!running) await this.#launch(signal);
        await this.#process?.exited;
      } catch (error) {
        if (!signal.aborted) this.#options.onLine(`The model server did not start: ${String(error)}`, "stderr");
      }
      this.#address = undefined;
      if (Date.now() - began > stableMs) backoff = firstBackoffMs;
      await delay(backoff, undefined, { signal }).catch(() => {}); // stopped meanwhile
      backoff = Math.min(backoff * 2, longestBackoffMs);
    }
  }
}

/** What cannot be removed, as while a process that left its group still writes, goes when the emulator starts again. */
async function removeHome(home: string): Promise<void> {
  await rm(home, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
}
