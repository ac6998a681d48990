import type { BuildStep } from "./build-message.js";
import { stepFailure } from "./build-failure.js";

/** A `docker build` as a build step asks for it. */
export interface DockerBuild {
  tags: string[];
  /** Path of the Dockerfile, from the step's directory. */
  dockerfile: string | undefined;
  /** Path of the context, from the step's directory. */
  context: string;
  buildArgs: Record<string, string>;
}

/** Options that change how Docker works, not what it makes. */
const withoutEffect = new Set(["--no-cache", "--pull", "--quiet", "-q", "--progress", "--platform", "--network"]);
const withValue = new Set(["-t", "--tag", "-f", "--file", "--build-arg", "--progress", "--platform", "--network"]);

/** Reads the arguments of a `gcr.io/cloud-builders/docker` step. @throws BuildFailure for what is not emulated. */
export function parseDockerBuild(step: BuildStep): DockerBuild {
  const [command, ...args] = step.args ?? [];
  if (command !== "build") {
    throw stepFailure(`the emulator's docker knows "build" only, not "${command ?? ""}"`);
  }
  const build: DockerBuild = { tags: [], dockerfile: undefined, context: "", buildArgs: {} };
  const positional: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const argument = args[at]!;
    if (!argument.startsWith("-")) {
      positional.push(argument);
      continue;
    }
    const cut = argument.startsWith("--") ? argument.indexOf("=") : -1;
    const option = cut === -1 ? argument : argument.slice(0, cut);
    const value = cut !== -1 ? argument.slice(cut + 1) : withValue.has(option) ? args[++at] : "";
    if (value === undefined) throw stepFailure(`docker build: flag needs an argument: ${option}`);
    applyOption(build, option, value);
  }
  if (positional.length !== 1) throw stepFailure(`"docker build" requires exactly 1 argument, the context's path.`);
  return { ...build, context: positional[0]! };
}

function applyOption(build: DockerBuild, option: string, value: string): void {
  if (option === "-t" || option === "--tag") build.tags.push(value);
  else if (option === "-f" || option === "--file") build.dockerfile = value;
  else if (option === "--build-arg") {
    const cut = value.indexOf("=");
    if (cut > 0) build.buildArgs[value.slice(0, cut)] = value.slice(cut + 1);
  } else if (!withoutEffect.has(option)) {
    throw stepFailure(`the emulator's "docker build" does not know the option ${option}`);
  }
}
