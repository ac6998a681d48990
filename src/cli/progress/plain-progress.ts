import type { ProgressEvent } from "../../core/progress.js";
import type { CliIo } from "../command.js";
import { oneLine } from "../output/printable.js";
import type { Progress } from "./progress.js";
import { duration, operationText, transferred } from "./wording.js";

/** A transfer, or an operation that stays at its stage, says so again after this long. Milliseconds. */
const quietMs = 10_000;

/** One line an event on standard error, for a log: `deploy: STARTING_MODEL_SERVER, 64.0 s`. */
export class PlainProgress implements Progress {
  readonly #io: CliIo;
  /** Of each step when it last said something that repeats, and the stage that it said. */
  readonly #said = new Map<string, { at: number; stage: string | null }>();
  readonly #startedAt = new Map<string, number>();

  constructor(io: CliIo) {
    this.#io = io;
  }

  onEvent = (event: ProgressEvent): void => {
    const line = this.#line(event);
    if (line !== undefined) this.#io.err(oneLine(line));
  };

  note(line: string): void {
    this.#io.err(line);
  }

  background(operation: string): void {
    this.#io.err(`In the background: operation ${operation}`);
  }

  stop(): void {}

  #line(event: ProgressEvent): string | undefined {
    switch (event.type) {
      case "step":
        return this.#step(event);
      case "transfer": {
        const isEnd = event.bytes >= event.totalBytes;
        if (!this.#isNews(event.step, isEnd ? "end" : null)) return undefined;
        return `${event.step}: ${transferred(event)}, ${event.files} of ${event.totalFiles} files`;
      }
      case "operation":
        if (!this.#isNews(event.step, event.stage ?? "running")) return undefined;
        return `${event.step}: ${operationText(event)}`;
      case "log":
        return `${event.step}: | ${event.line}`;
      case "warning":
        return `warning: ${event.message}`;
      default:
        // an event of a newer target
        return undefined;
    }
  }

  #step({ step, status, message }: Extract<ProgressEvent, { type: "step" }>): string {
    const now = performance.now();
    if (status === "started") this.#startedAt.set(step, now);
    const startedAt = this.#startedAt.get(step);
    const time = status === "done" && startedAt !== undefined ? ` (${duration((now - startedAt) / 1000)})` : "";
    return `${step}: ${status}: ${message}${time}`;
  }

  #isNews(step: string, stage: string | null): boolean {
    const before = this.#said.get(step);
    const at = performance.now();
    if (before && before.stage === stage && at - before.at < quietMs) return false;
    this.#said.set(step, { at, stage });
    return true;
  }
}
