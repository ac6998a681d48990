import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startMlflowServer } from "../demo/mlflow-server.js";
import { demoCloud, startDemoEmulator } from "./emulator.js";
import { runExample } from "./example.js";
import { findOrTrainIris } from "./model.js";
import { printNextSteps } from "./next-steps.js";
import type { Terminal } from "./terminal.js";

const root = join(import.meta.dirname, "..", "..");

export interface QuickstartOptions {
  terminal: Terminal;
  /** The interpreter of the examples' environment. */
  python: string;
  signal: AbortSignal;
}

/** The main job, from a model in MLflow to a prediction, with everything that it needs started before and stopped after. */
export async function quickstart({ terminal, python, signal }: QuickstartOptions): Promise<void> {
  // What was trained is kept between runs; another version of MLflow would find another version's database.
  const kept = join(root, ".cache", "quickstart", requirementsHash());
  process.env["MLFLOW_DEPLOYMENTS_CACHE"] ??= join(root, ".cache");
  // After a run that was cut off the emulator begins anew, rather than with half a deployment.
  const finished = join(kept, "finished");
  const started: { stop(): Promise<unknown> }[] = [];
  try {
    terminal.title("A model in MLflow, and a Google Cloud on this machine");
    let trackingUri = "";
    await terminal.step("MLflow server", async (say) => {
      say("starting");
      const server = await startMlflowServer({ python, dataDir: join(kept, "mlflow"), signal });
      started.push(server);
      trackingUri = server.trackingUri;
      return trackingUri;
    });
    await terminal.step("Neural network", async (say) => findOrTrainIris({ python, trackingUri, signal, say }));
    let emulatorHost = "";
    await terminal.step("Emulator", async () => {
      if (!existsSync(finished)) await rm(join(kept, "emulator"), { recursive: true, force: true });
      await rm(finished, { force: true });
      const emulator = await startDemoEmulator({
        python,
        dataDir: join(kept, "emulator"),
        logFile: join(kept, "emulator.log"),
        signal,
      });
      started.push(emulator);
      emulatorHost = emulator.host;
      return `http://${emulatorHost} stands in for Google Cloud`;
    });

    const environment = {
      ...demoCloud,
      AIPLATFORM_EMULATOR_HOST: emulatorHost,
      MLFLOW_TRACKING_URI: trackingUri,
    };
    await runExample({ terminal, python, trackingUri, environment, signal });
    await writeFile(finished, "");
  } finally {
    await Promise.all(started.map(async (running) => running.stop()));
  }
  terminal.line("Stopped", "MLflow server and emulator; nothing is left running");
  printNextSteps(terminal);
}

function requirementsHash(): string {
  const requirements = readFileSync(join(root, "scripts", "setup", "requirements", "examples.txt"));
  return createHash("sha256").update(requirements).digest("hex").slice(0, 12);
}
