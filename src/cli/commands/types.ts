import type { Command } from "../command.js";
import { configFileOption, configOption, modelUriOption, outputPathOption } from "../target-options.js";

interface TypesValues {
  modelUri: string;
  as?: string;
  outputPath?: string;
  config?: string[];
  configFile?: string;
}

export const typesCommand: Command = {
  name: "types",
  summary: "Write the TypeScript types of a model's input, params and output, by its signature.",
  details: `The compiler then checks what a model is asked:

  mlflow-deployments types -m models:/iris/1 -O iris.ts

  import type { iris } from "./iris.js";
  await client.predict<typeof iris>({ deploymentName: "tester", inputs });`,
  options: [
    { ...modelUriOption, required: true },
    {
      flags: "--as <identifier>",
      description: "what the model is called in TypeScript; default: by its name in MLflow",
    },
    { ...outputPathOption, description: "file for the types; default: standard output" },
    {
      ...configOption,
      description: "a setting of the target aiplatform, such as trackingUri or keyFilename; may be repeated",
    },
    configFileOption,
  ],
  run: async (values, io) => {
    const { modelUri, as, outputPath, config, configFile } = values as unknown as TypesValues;
    const [{ configOfFile, mergedConfig, typedConfig }, { modelTypes }] = await Promise.all([
      import("../config.js"),
      import("../../targets/aiplatform/model-types.js"),
    ]);
    const file = configFile === undefined ? {} : await configOfFile(configFile);
    const settings = mergedConfig(file, typedConfig(config ?? []));
    const text = await modelTypes({ modelUri, name: as, config: settings, signal: io.signal });
    if (outputPath === undefined) io.out(text.trimEnd());
    else await (await import("../output/result-file.js")).writeResult(outputPath, text);
  },
};
