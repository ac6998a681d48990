import { EventEmitter, once } from "node:events";
import { Agent } from "node:http";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { type BundleServer, isHealthy, startBundleServer } from "../../../runtime/bundle-server.js";
import type { ServeRequest } from "../state/supervisor-state.js";

const firstBackoffMs = 250;
const longestBackoffMs = 30_000;
/** A server that lived this long had nothing wrong at its start. */
const stableMs = 60_000;

/** The serving runtime closes connections that are idle for 620 s; here they are given up before, not used at that moment. */
const idleConnectionMs = 300_000;

/** The wait between two looks at a process that broke a connection. */
const checkEveryMs = 200;

/** How long requests under way may take when a worker is retired. */
const longestDrainMs = 10 * 60_000;
/** The serving runtime's own limit for what is under way at SIGTERM is 30 s. */
const stopGraceMs = 35_000;

export type WorkerRequest = Omit<ServeRequest, "env"> & { env: Record<string, string> };

/** A worker's connection for one request. */
export interface Lease {
  port: number;
  agent: Agent;
  /** The spec that answers. */
  specHash: string;
  /** Must be called once the request has ended. */
  release(): void;
  /** Says that the process broke the connection: no request is to go there before it is known whether it has ended. */
  lost(): void;
}

export interface WorkerPlace {
  /** Where home directories are made. */
  homes: string;
  log: (line: string) => void;
}

/** The process that serves one spec: started, started again when it dies, and stopped once it is not needed. */
export class Worker {
  readonly request: WorkerRequest;
  readonly since = new Date().toISOString();
  readonly #place: WorkerPlace;
  readonly #stopping = new AbortController();
  readonly #agent = new Agent({ keepAlive: true, timeout: idleConnectionMs });
  /** Emits `serving`, and `idle` when the last request under way has ended. */
  readonly #events = new EventEmitter().setMaxListeners(0);
  #server: BundleServer | null = null;
  /** Where requests go; null while the process is started again. */
  #port: number | null = null;
  #underWay = 0;
  #restarts = 0;
  #supervision: Promise<void> = Promise.resolve();

  private constructor(request: WorkerRequest, place: WorkerPlace) {
    this.request = request;
    this.#place = place;
  }

  /** Starts the process, and rejects, leaving nothing, when it does not serve. */
  static async start(request: WorkerRequest, place: WorkerPlace, signal: AbortSignal): Promise<Worker> {
    const worker = new Worker(request, place);
    const ended = await worker.#launch(signal);
    worker.#supervision = worker.#supervise(ended);
    return worker;
  }

  get pid(): number | null {
    return this.#server?.pid ?? null;
  }

  get restarts(): number {
    return this.#restarts;
  }

  /** A connection to the process; null while it is started again. */
  lease(): Lease | null {
    const port = this.#port;
    if (port === null) return null;
    this.#underWay++;
    let released = false;
    const release = () => {
      if (released) return;
      released = true;
      if (--this.#underWay === 0) this.#events.emit("idle");
    };
    const lost = () => void this.#lose(port);
    return { port, agent: this.#agent, specHash: this.request.specHash, release, lost };
  }

  /** Lets no request go to a process that broke a connection, until it says that it is well or another has taken its place. */
  async #lose(port: number): Promise<void> {
    if (this.#port !== port) return;
    this.#port = null;
    const { signal } = this.#stopping;
    while (this.#server?.port === port && !signal.aborted) {
      if (await isHealthy(port, signal)) {
        this.#port = port;
        this.#events.emit("serving");
        return;
      }
      await delay(checkEveryMs, undefined, { signal }).catch(() => {});
    }
  }

  /** Resolves when the process has been started again, or the signal is aborted. */
  async nextStart(signal: AbortSignal): Promise<void> {
    await once(this.#events, "serving", { signal }).catch(() => {});
  }

  /** Lets the requests under way end, then stops the process. */
  async retire(): Promise<void> {
    if (this.#underWay > 0) {
      const limit = AbortSignal.any([AbortSignal.timeout(longestDrainMs), this.#stopping.signal]);
      await once(this.#events, "idle", { signal: limit }).catch(() => {});
    }
    await this.stop();
  }

  async stop(graceMs = stopGraceMs): Promise<void> {
    this.#stopping.abort();
    await this.#server?.stop(graceMs);
    await this.#supervision;
    this.#agent.destroy();
  }

  /** One start. Resolves, once it serves, with a promise of its end. */
  async #launch(signal: AbortSignal): Promise<{ ended: Promise<void> }> {
    const { python, modules, model, env, runtimeEnv, startTimeout } = this.request;
    const home = await mkdtemp(join(this.#place.homes, "process-"));
    const removeHome = () => rm(home, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
    try {
      const server = await startBundleServer({
        python,
        modules,
        model,
        port: 0,
        env: { ...env, ...runtimeEnv },
        home,
        startTimeoutMs: startTimeout * 1000,
        onLine: this.#place.log,
        signal: AbortSignal.any([signal, this.#stopping.signal]),
      });
      this.#server = server;
      this.#port = server.port;
      const ended = server.exited.then(async ({ code, signal: by }) => {
        this.#server = null;
        this.#port = null;
        if (!this.#stopping.signal.aborted) this.#place.log(`supervisor: the model server ended (${by ?? code}).`);
        await removeHome();
      });
      this.#events.emit("serving");
      return { ended };
    } catch (error) {
      await removeHome();
      throw error;
    }
  }

  /** Waits for the process to end, and starts it again, less and less often while it does not stay up. */
  async #supervise(first: { ended: Promise<void> }): Promise<void> {
    const { signal } = this.#stopping;
    let running: { ended: Promise<void> } | null = first;
    let backoff = firstBackoffMs;
    while (!signal.aborted) {
      const began = Date.now();
      try {
        running ??= await this.#launch(signal);
        await running.ended;
      } catch (error) {
        if (!signal.aborted) this.#place.log(`supervisor: ${error instanceof Error ? error.message : String(error)}`);
      }
      running = null;
      if (signal.aborted) return;
      this.#restarts++;
      if (Date.now() - began > stableMs) backoff = firstBackoffMs;
      await delay(backoff, undefined, { signal }).catch(() => {}); // stopped meanwhile
      backoff = Math.min(backoff * 2, longestBackoffMs);
    }
  }
}
