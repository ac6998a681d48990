import { once } from "node:events";

import type { CliIo, Command, CommandValues } from "../command.js";
import { parsePort } from "./port.js";

interface EmulatorValues {
  port: number;
  dataDir?: string;
  python?: string;
  record?: string;
  storageEndpoint?: string;
  bucket: string[];
  verbose?: boolean;
}

/** `mlflow-deployments emulator`: Google Cloud's side of a deployment, on this machine. */
export const emulatorCommand: Command = {
  name: "emulator",
  summary: "Serve a stand-in for Vertex AI and Cloud Storage on this machine, for development and tests.",
  details: `It listens on 127.0.0.1 only, runs deployed models as Python processes, and stops with Ctrl-C.
Set the variable that it prints, and deployments go to it instead of Google Cloud:

  mlflow-deployments emulator --bucket my-models:europe-west1
  export AIPLATFORM_EMULATOR_HOST=127.0.0.1:9090`,
  options: [
    {
      flags: "--port <number>",
      description: "port to listen on; 0 for any free one",
      default: "9090",
      parse: parsePort,
    },
    {
      flags: "--data-dir <path>",
      description: "where its state is kept (default: a directory that goes with it)",
      completes: "file",
    },
    {
      flags: "--python <path>",
      description: "interpreter for deployed models, used where it has what a model requires",
      completes: "file",
    },
    {
      flags: "--record <file>",
      description: "append every request to this file, as a line of JSON without secrets",
      completes: "file",
    },
    {
      flags: "--storage-endpoint <url>",
      description: "use this server for objects instead, such as fake-gcs-server",
    },
    {
      flags: "--bucket <name[:location]>",
      description: "make a bucket at the start; may be repeated",
      repeatable: true,
    },
  ],
  run: async (values, io) => serveEmulator(values, io),
};

async function serveEmulator(values: CommandValues, io: CliIo): Promise<void> {
  const { bucket, verbose: _, ...options } = values as unknown as EmulatorValues;
  const { startEmulator } = await import("../../emulator/index.js");
  const emulator = await startEmulator({ ...options, onLog: (line: string) => io.err(line) });
  try {
    for (const wanted of bucket) {
      const [name = "", location] = wanted.split(":", 2);
      await emulator.createBucket(name, location ? { location } : {});
    }
    io.out(`export AIPLATFORM_EMULATOR_HOST=${emulator.host}`);
    if (!io.signal.aborted) await once(io.signal, "abort");
  } finally {
    await emulator.stop();
  }
}
