import type { Command } from "../command.js";
import type { CompletedProgram } from "../completions/shape.js";

const shells = ["bash", "zsh", "fish"] as const;

export const completionsCommand: Command = {
  name: "completions",
  summary: "Print a script that completes commands, options, targets and files in your shell.",
  details: `bash:  source <(mlflow-deployments completions bash)
zsh:   source <(mlflow-deployments completions zsh)
fish:  mlflow-deployments completions fish > ~/.config/fish/completions/mlflow-deployments.fish`,
  argument: { name: "shell", description: "which shell", choices: shells },
  options: [],
  run: async (values, io) => {
    const { shell } = values as { shell: (typeof shells)[number] };
    const [{ commands }, { listTargets }, { completedProgram }] = await Promise.all([
      import("./index.js"),
      import("../../deploy-client.js"),
      import("../completions/shape.js"),
    ]);
    const program = completedProgram(commands, listTargets());
    io.out((await script[shell](program)).trimEnd());
  },
};

const script = {
  bash: async (program) => (await import("../completions/bash.js")).bashScript(program),
  zsh: async (program) => (await import("../completions/zsh.js")).zshScript(program),
  fish: async (program) => (await import("../completions/fish.js")).fishScript(program),
} satisfies Record<(typeof shells)[number], (program: CompletedProgram) => Promise<string>>;
