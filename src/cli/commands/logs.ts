import { targetCommand } from "../target-command.js";
import { configOption, nameOption, targetOption } from "../target-options.js";

export const logsCommand = targetCommand({
  name: "logs",
  summary: "Show the last lines that a deployment's containers wrote, oldest first.",
  options: [
    nameOption,
    targetOption,
    configOption,
    { flags: "--lines <number>", description: "how many at the most", default: "100", parse: parseLines },
  ],
  run: async (call, values) => {
    const { name, lines } = values as unknown as { name: string; lines: number };
    const found = await call.client.getLogs({ ...call.options, name, lines });
    const { printable } = await import("../output/printable.js");
    const shown = call.io.isTerminal.stdout ? found.map(printable) : found;
    return { result: found, text: shown.length === 0 ? undefined : shown.join("\n") };
  },
});

function parseLines(typed: string): number {
  const lines = Number(typed);
  if (!/^\d+$/.test(typed) || lines < 1) throw new Error("It is a whole number from 1 up.");
  return lines;
}
