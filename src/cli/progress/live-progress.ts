import type { DeploymentStep, ProgressEvent } from "../../core/progress.js";
import type { CliIo } from "../command.js";
import { oneLine } from "../output/printable.js";
import { type Style, styleOf } from "../output/style.js";
import { fit, pad, wrap } from "../output/text-width.js";
import type { Progress } from "./progress.js";
import { RedrawnLines } from "./redrawn-lines.js";
import { TransferBar } from "./transfer-bar.js";
import { duration, operationText, stepLabels } from "./wording.js";

const spinner = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const frameMs = 80;
const labelWidth = Math.max(...Object.values(stepLabels).map((label) => label.length));
/** Of a sign and the spaces around it. */
const signWidth = 4;
const timeWidth = 8;
/** On a narrower terminal there are no columns, and no times. */
const narrow = 56;
/** Text that is set in a column is not wider, so that the times stay near it. */
const widestText = 86;

/** A step that is at work. */
interface Running {
  startedAt: number;
  /** What it says of itself now. */
  text: string;
  bar: TransferBar | undefined;
}

/** The progress of a call on a terminal: finished steps as lines that stay, running ones below them, redrawn in place. */
export class LiveProgress implements Progress {
  readonly #io: CliIo;
  readonly #style: Style;
  readonly #lines: RedrawnLines;
  readonly #running = new Map<DeploymentStep, Running>();
  readonly #timer: NodeJS.Timeout;

  constructor(io: CliIo) {
    this.#io = io;
    this.#style = styleOf(io, "stderr");
    this.#lines = new RedrawnLines(io);
    this.#timer = setInterval(() => this.#redraw(), frameMs).unref();
  }

  onEvent = (event: ProgressEvent): void => {
    switch (event.type) {
      case "step":
        if (event.status === "started") {
          this.#running.set(event.step, { startedAt: performance.now(), text: oneLine(event.message), bar: undefined });
          this.#redraw();
        } else {
          this.#finish(event.step, this.#style.green("✓"), oneLine(event.message));
        }
        break;
      case "transfer": {
        const running = this.#runningStep(event.step);
        running.bar ??= new TransferBar(event.bytes);
        running.bar.update(event);
        break;
      }
      case "operation":
        this.#say(event.step, operationText(event));
        break;
      case "log":
        this.#say(event.step, event.line);
        break;
      case "warning":
        this.#keep(this.#style.yellow("!"), oneLine(event.message));
        break;
    }
  };

  note(line: string): void {
    this.#keep(this.#style.yellow("!"), line);
  }

  background(operation: string): void {
    this.#keep(this.#style.dim("→"), `In the background: operation ${oneLine(operation)}`);
  }

  stop(finished: boolean): void {
    clearInterval(this.#timer);
    // what was running when the call ended: what it said last helps to understand the error
    for (const [step, { text }] of this.#running) {
      if (!finished) this.#finish(step, this.#style.red("✗"), text);
    }
    this.#lines.end();
  }

  #say(step: DeploymentStep, text: string): void {
    const running = this.#runningStep(step);
    running.text = oneLine(text);
    running.bar = undefined;
  }

  #runningStep(step: DeploymentStep): Running {
    const running = this.#running.get(step) ?? { startedAt: performance.now(), text: "", bar: undefined };
    this.#running.set(step, running);
    return running;
  }

  #finish(step: DeploymentStep, sign: string, text: string): void {
    const running = this.#running.get(step);
    this.#running.delete(step);
    const time = running ? duration((performance.now() - running.startedAt) / 1000) : "";
    const columns = this.#columns();
    if (columns < narrow) {
      this.#lines.keep(this.#hanging(sign, `${stepLabels[step]}: ${text}`), this.#rows());
      return;
    }
    const [first = "", ...more] = wrap(text, this.#room());
    const indent = " ".repeat(signWidth + labelWidth + 2);
    this.#lines.keep([this.#row(sign, step, first, time), ...more.map((line) => indent + line)], this.#rows());
  }

  #keep(sign: string, text: string): void {
    this.#lines.keep(this.#hanging(sign, text), this.#rows());
  }

  #redraw(): void {
    this.#lines.redraw(this.#rows());
  }

  /** The rows of the running steps, as they are now. */
  #rows(): string[] {
    const now = performance.now();
    const sign = this.#style.dim(spinner[Math.floor(now / frameMs) % spinner.length] ?? "");
    return [...this.#running].map(([step, { startedAt, text, bar }]) => {
      const columns = this.#columns();
      if (columns < narrow) {
        const label = stepLabels[step];
        const room = Math.max(0, columns - signWidth - label.length - 3);
        return `  ${sign} ${label}: ${this.#style.dim(bar?.text(room) ?? fit(text, room))}`;
      }
      const shown = bar?.text(this.#room()) ?? fit(text, this.#room());
      return this.#row(sign, step, shown, duration((now - startedAt) / 1000), this.#style.dim);
    });
  }

  #row(sign: string, step: DeploymentStep, text: string, time: string, paint = (shown: string) => shown): string {
    const start = `  ${sign} ${pad(stepLabels[step], labelWidth)}  ${paint(text)}`;
    const column = signWidth + labelWidth + 2 + this.#room();
    return time === "" ? start : `${pad(start, column)}${this.#style.dim(time.padStart(timeWidth))}`;
  }

  #hanging(sign: string, text: string): string[] {
    const [first = "", ...more] = wrap(text, Math.max(10, this.#columns() - signWidth - 1));
    return [`  ${sign} ${first}`, ...more.map((line) => " ".repeat(signWidth) + line)];
  }

  #columns(): number {
    return this.#io.columns() ?? 80;
  }

  /** Columns for the text between a step's label and its time. One is left free: some terminals wrap at the last. */
  #room(): number {
    return Math.min(widestText, this.#columns() - signWidth - labelWidth - 2 - timeWidth - 1);
  }
}
