import { z } from "zod";

import { namesOf, type SettingMeta, type SettingsDefinition } from "../../settings/definition.js";
import { modelSettingMeta } from "../../settings/model-settings.js";
import { batchingMeta, batchingSettings } from "../../settings/request-batching.js";
import { flag, text, variables, wholeNumber } from "../../settings/values.js";

const settingMeta = z.registry<SettingMeta>();

/** Every setting of the `local` target: the types, the checks and the target's help all come from here. */
const settingsShape = {
  trackingUri: text().optional().register(settingMeta, modelSettingMeta.trackingUri),
  registryUri: text().optional().register(settingMeta, modelSettingMeta.registryUri),
  predictionScript: text().optional().register(settingMeta, modelSettingMeta.predictionScript),
  preprocessor: text().optional().register(settingMeta, modelSettingMeta.preprocessor),
  setupFile: text()
    .optional()
    .register(settingMeta, {
      description: "A Python file to use as setup.py. A file that ends in .mustache is rendered first.",
      env: ["setup_file"],
    }),
  env: variables().default({}).register(settingMeta, {
    description:
      "Environment variables of the process that serves. Their values are kept in memory only, never in a file; names that start with AIP_ are the serving runtime's.",
  }),
  maxBatchSize: batchingSettings.maxBatchSize().register(settingMeta, batchingMeta.maxBatchSize),
  maxBatchDelay: batchingSettings.maxBatchDelay().register(settingMeta, batchingMeta.maxBatchDelay),
  python: text()
    .optional()
    .register(settingMeta, {
      description: "The Python interpreter to serve with, a path or a name on PATH.",
      env: ["MLFLOW_DEPLOYMENTS_PYTHON"],
      defaultText: "one of the model's Python version, found on PATH",
    }),
  port: wholeNumber(0, 65_535).default(0).register(settingMeta, {
    description:
      "The TCP port on 127.0.0.1 that the deployment answers on for as long as it exists; 0 for any that is free. No update changes it.",
  }),
  startTimeout: wholeNumber(1).default(300).register(settingMeta, {
    description: "Seconds that the process may take until its model is loaded.",
  }),
  checkInputs: flag().default(true).register(settingMeta, {
    description:
      "Whether rows are checked against the model's signature before they are sent, with the same words as the model's server has.",
  }),
  dataDir: text()
    .optional()
    .register(settingMeta, {
      description: "The directory that deployments are kept in. Each has its own deployments.",
      env: ["MLFLOW_DEPLOYMENTS_LOCAL_DIR"],
      defaultText: "mlflow-deployments/local in the user's data directory",
    }),
  tmpDir: text()
    .optional()
    .register(settingMeta, {
      description: "The directory in which a remote model is kept while it is deployed, and the bundle is made.",
      env: ["tmp_dir"],
      defaultText: "the directory work in dataDir; for runLocal the system's temporary directory",
    }),
} as const;

/** The name of a setting. */
export type LocalSettingName = keyof typeof settingsShape;

const settingsSchema = z.strictObject(settingsShape);

/** The settings of one call, checked and complete. */
export type LocalSettings = z.output<typeof settingsSchema>;

/** The settings of the target `local`. */
export const localSettings: SettingsDefinition<LocalSettingName, LocalSettings> = {
  target: "local",
  shape: settingsShape,
  each: settingsSchema,
  schema: settingsSchema,
  groups: [{ title: "All of them", names: namesOf({ shape: settingsShape }) }],
  metaOf: (name) => settingMeta.get(settingsShape[name]),
};
