import { EventEmitter, once } from "node:events";
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { startProcess } from "../../src/runtime/process.js";

const program = join(import.meta.dirname, "..", "..", "dist", "cli", "bin.js");

/** The Google Cloud project that exists in the emulator alone, by the variables that name its parts. */
export const demoCloud = {
  GOOGLE_CLOUD_PROJECT: "quickstart-project",
  GOOGLE_CLOUD_LOCATION: "europe-west1",
  production_bucket: "quickstart-models",
};

export interface DemoEmulatorOptions {
  /** The interpreter that deployed models run on, where it has what they require. */
  python: string;
  dataDir: string;
  /** Gets what the emulator says. */
  logFile: string;
  signal: AbortSignal;
}

export interface DemoEmulator {
  /** What `AIPLATFORM_EMULATOR_HOST` is set to. */
  host: string;
  stop(): Promise<void>;
}

/** Starts `mlflow-deployments emulator` on a free port, with the bucket that the example uploads to. */
export async function startDemoEmulator(options: DemoEmulatorOptions): Promise<DemoEmulator> {
  const { python, dataDir, logFile, signal } = options;
  mkdirSync(dirname(logFile), { recursive: true });
  writeFileSync(logFile, "");
  const lines = new EventEmitter<{ host: [string] }>();
  const bucket = `${demoCloud.production_bucket}:${demoCloud.GOOGLE_CLOUD_LOCATION}`;
  const emulator = startProcess({
    command: process.execPath,
    args: [program, "emulator", "--port", "0", "--data-dir", dataDir, "--python", python, "--bucket", bucket],
    // The emulator is this package itself, and installs packages from where the user's pip does.
    env: process.env as Record<string, string>,
    onLine: (line) => {
      appendFileSync(logFile, `${line}\n`);
      const host = /^export AIPLATFORM_EMULATOR_HOST=(\S+)$/.exec(line)?.[1];
      if (host) lines.emit("host", host);
    },
    signal,
  });
  const ended = emulator.exited.then(() => {
    throw new Error(`The emulator ended. Its last lines:\n${emulator.lines(15).join("\n")}`);
  });
  const [host] = (await Promise.race([once(lines, "host"), ended])) as [string];
  return { host, stop: async () => emulator.stop() };
}
