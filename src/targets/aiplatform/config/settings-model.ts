import { settingMeta } from "./setting-meta.js";
import { modelSettingMeta } from "../../settings/model-settings.js";
import { text } from "../../settings/values.js";
import { json, labels } from "./setting-values.js";

/** What is deployed. */
export const modelSettings = {
  trackingUri: text().optional().register(settingMeta, modelSettingMeta.trackingUri),
  registryUri: text().optional().register(settingMeta, modelSettingMeta.registryUri),
  runId: text()
    .optional()
    .register(settingMeta, {
      description: "The MLflow run whose model is deployed, where no model URI is given.",
      env: ["run_id", "MLFLOW_RUN_ID"],
    }),
  modelName: text()
    .max(128, "must have at most 128 characters")
    .optional()
    .register(settingMeta, {
      description: "The registry model that the deployment's versions belong to, by its display name.",
      env: ["model_name"],
      defaultText: "the deployment's name",
      changes: "version",
    }),
  versionName: text()
    .max(128, "must have at most 128 characters")
    .optional()
    .register(settingMeta, {
      description:
        "The version's name. Becomes a legal alias of the registry version (v_1 becomes v-1) and the version of the sdist.",
      env: ["version_name"],
      changes: "version",
    }),
  predictionScript: text()
    .optional()
    .register(settingMeta, { ...modelSettingMeta.predictionScript, changes: "environment" }),
  preprocessor: text()
    .optional()
    .register(settingMeta, { ...modelSettingMeta.preprocessor, changes: "environment" }),
  setupFile: text()
    .optional()
    .register(settingMeta, {
      description:
        'A Python file to use as setup.py. "MODEL_VERSION" in it becomes the sdist\'s version; a file that ends in .mustache is rendered first.',
      env: ["setup_file"],
      changes: "environment",
    }),
  python: text()
    .optional()
    .register(settingMeta, {
      description: "For runLocal: the Python interpreter to serve with, a path or a name on PATH.",
      env: ["MLFLOW_DEPLOYMENTS_PYTHON"],
      defaultText: "one of the model's Python version, found on PATH",
    }),
  labels: labels().default({}).register(settingMeta, {
    description: "Labels of endpoint and model version.",
    changes: "inPlace",
  }),
  explanationMetadata: json()
    .refine(
      ({ inputs, outputs }) => isTable(inputs) && isTable(outputs),
      "must have the tables inputs and outputs (ExplanationMetadata)",
    )
    .optional()
    .register(settingMeta, {
      description:
        "How inputs and outputs are explained (ExplanationMetadata). Needs explanationParameters. Google ends it on 2027-03-16.",
      platform: "vertex",
      changes: "version",
    }),
  explanationParameters: json().optional().register(settingMeta, {
    description: "By which method predictions are explained (ExplanationParameters). Google ends it on 2027-03-16.",
    platform: "vertex",
    changes: "version",
  }),
} as const;

function isTable(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
