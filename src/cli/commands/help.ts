import type { Command } from "../command.js";
import { defaultTarget, targetOption } from "../target-options.js";

export const helpCommand: Command = {
  name: "help",
  summary: "Show a target's help: what it is, and every setting it takes.",
  details: "Without a target it lists those that are installed.",
  options: [{ ...targetOption, required: false, otherwise: defaultTarget }],
  run: async (values, io) => {
    const { target } = values as { target?: string };
    const { listTargets, targetHelp } = await import("../../deploy-client.js");
    if (target !== undefined) {
      io.out(await targetHelp(target));
      return;
    }
    io.out("Installed targets:");
    for (const name of listTargets()) io.out(`  ${name}`);
    io.out("\nmlflow-deployments help -t TARGET shows a target's settings.");
  },
};
