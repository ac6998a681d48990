import type { InputForm } from "../core/input-rows.js";
import type { CommandOption } from "./command.js";

/** `-t`: required, unless `MLFLOW_DEPLOYMENTS_TARGET` says it. */
export const targetOption: CommandOption = {
  flags: "-t, --target <uri>",
  description:
    "deployment target, such as aiplatform or aiplatform:/PROJECT/LOCATION; default: MLFLOW_DEPLOYMENTS_TARGET",
  required: true,
  completes: "target",
  otherwise: defaultTarget,
};

export const configOption: CommandOption = {
  flags: "-C, --config <name=value>",
  description: "a setting of the target; `help -t TARGET` lists them; may be repeated",
  repeatable: true,
};

export const configFileOption: CommandOption = {
  flags: "--config-file <file>",
  description: "settings as a table in YAML or JSON; those of -C go before them",
  completes: "file",
};

export const nameOption: CommandOption = {
  flags: "--name <name>",
  description: "name of the deployment",
  required: true,
};

/** `--endpoint`, where it is only a restriction or a place. */
export const endpointOption: CommandOption = {
  flags: "--endpoint <name>",
  description: "name of the endpoint that the deployment shares with others",
};

export const requiredEndpointOption: CommandOption = {
  flags: "--endpoint <name>",
  description: "name of the endpoint",
  required: true,
};

export const modelUriOption: CommandOption = {
  flags: "-m, --model-uri <uri>",
  description: "the model: runs:/…, models:/…, mlflow-artifacts:/…, gs://…, s3://…, or a path",
  completes: "file",
};

export const flavorOption: CommandOption = {
  flags: "-f, --flavor <flavor>",
  description: "a flavor that the model must have",
};

export const messageOption: CommandOption = {
  flags: "--message <text>",
  description: "why, for a person; kept in the deployment's history",
};

export const yesOption: CommandOption = {
  flags: "--yes",
  description: "do not ask",
};

export const outputOption: CommandOption = {
  flags: "--output <form>",
  description: "json, or a table as wide as the terminal; default: text",
  choices: ["json", "table"],
};

export const jsonOption: CommandOption = {
  flags: "--json",
  description: "write progress and result to standard output, each as a line of JSON",
};

export const inputPathOption: CommandOption = {
  flags: "-I, --input-path <file>",
  description: "rows for the model, in JSON or CSV; - for standard input",
  required: true,
  completes: "file",
};

export const contentTypeOption: CommandOption = {
  flags: "--content-type <type>",
  description: "of the input; default: csv for a file *.csv, else json",
  choices: ["json", "csv"],
};

export const jsonFormatOption: CommandOption = {
  flags: "--json-format <form>",
  description: "of a JSON input; default: told from its content",
  choices: ["split", "records", "columns", "tf-serving"] satisfies InputForm[],
};

export const outputPathOption: CommandOption = {
  flags: "-O, --output-path <file>",
  description: "file for the result, as JSON; default: standard output",
  completes: "file",
};

/** The target of the environment, as the package itself takes it; undefined where there is none. */
export async function defaultTarget(): Promise<string | undefined> {
  const { getDeploymentsTarget } = await import("../deploy-client.js");
  try {
    return getDeploymentsTarget();
  } catch {
    return undefined;
  }
}
