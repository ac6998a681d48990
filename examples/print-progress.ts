import type { ProgressEvent } from "mlflow-deployments";

/** What a person calls the steps. */
const labels: Readonly<Record<string, string>> = {
  resolve: "Model in MLflow",
  bundle: "Bundle",
  upload: "Upload",
  image: "Image",
  model: "Registry",
  version: "Version",
  endpoint: "Endpoint",
  deploy: "Deploy",
  traffic: "Traffic",
};

const screen = process.stderr;
const live = screen.isTTY && process.env["TERM"] !== "dumb";
const colours = live && !process.env["NO_COLOR"];
/** Columns for the text of a line, between its label and its time. */
const room = live ? Math.max(20, Math.min(86, (screen.columns || 117) - 31)) : 86;
const dim = (text: string): string => (colours ? `\u001B[2m${text}\u001B[0m` : text);
const green = (text: string): string => (colours ? `\u001B[32m${text}\u001B[0m` : text);
const yellow = (text: string): string => (colours ? `\u001B[33m${text}\u001B[0m` : text);

/** When each step began; several may run at once. */
const started = new Map<string, number>();

/** An `onProgress` that prints one line a step with its time, and shows on a terminal what the running step is at. */
export function printProgress(event: ProgressEvent): void {
  switch (event.type) {
    case "step":
      if (event.status === "started") {
        started.set(event.step, performance.now());
        showRunning(event.step, event.message);
      } else {
        printFinished(event.step, event.message);
      }
      break;
    case "transfer":
      showRunning(event.step, transferBar(event.bytes, event.totalBytes));
      break;
    case "operation":
      showRunning(event.step, `${event.stage ?? "running"}, ${Math.round(event.elapsedSeconds)} s`);
      break;
    case "log":
      showRunning(event.step, event.line);
      break;
    case "warning":
      clearLine();
      screen.write(`  ${yellow("!")} ${event.message}\n`);
      break;
  }
}

function printFinished(step: string, message: string): void {
  clearLine();
  const short = live && message.length > room ? `${message.slice(0, room - 1)}…` : message;
  const now = performance.now();
  const seconds = ((now - (started.get(step) ?? now)) / 1000).toFixed(1);
  screen.write(`  ${green("✓")} ${label(step)} ${short.padEnd(room)}${dim(`${seconds} s`.padStart(8))}\n`);
}

function showRunning(step: string, text: string): void {
  if (!live) return;
  clearLine();
  screen.write(`  ${dim("…")} ${label(step)} ${dim(text.slice(0, room))}`);
}

function clearLine(): void {
  if (live) screen.write("\r\u001B[2K");
}

function label(step: string): string {
  return (labels[step] ?? step).padEnd(18);
}

function transferBar(bytes: number, totalBytes: number): string {
  const width = 30;
  const filled = totalBytes === 0 ? width : Math.round((width * bytes) / totalBytes);
  return `${"█".repeat(filled)}${"░".repeat(width - filled)}  ${size(bytes)} of ${size(totalBytes)}`;
}

function size(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
