import { targetCommand } from "../target-command.js";
import { configOption, flavorOption, modelUriOption, nameOption, targetOption } from "../target-options.js";
import { parsePort } from "./port.js";

interface RunLocalValues {
  name: string;
  modelUri: string;
  flavor?: string;
  port: number;
}

export const runLocalCommand = targetCommand({
  name: "run-local",
  summary: "Serve a model on this machine the way the target would, until Ctrl-C.",
  options: [
    nameOption,
    targetOption,
    { ...modelUriOption, required: true },
    flavorOption,
    configOption,
    {
      flags: "--port <number>",
      description: "port to listen on, on 127.0.0.1 only; 0 for any free one",
      default: "0",
      parse: parsePort,
    },
  ],
  events: true,
  run: async (call, values) => {
    const { name, modelUri, flavor, port } = values as unknown as RunLocalValues;
    const { serveLocally } = await import("../serve-locally.js");
    await serveLocally(call, { name, modelUri, flavor, port }, values["json"] === true);
    return undefined;
  },
});
