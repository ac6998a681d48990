import type { SettingMeta } from "./definition.js";

/** What is said of the settings that every target has which brings a model from MLflow and packs it. */
export const modelSettingMeta = {
  trackingUri: {
    description: "The MLflow tracking server, such as http://localhost:5000.",
    env: ["tracking_uri", "MLFLOW_TRACKING_URI"],
  },
  registryUri: {
    description: "The MLflow server of registered models, where it is not the tracking server.",
    env: ["MLFLOW_REGISTRY_URI"],
    defaultText: "trackingUri",
  },
  predictionScript: {
    description:
      "A Python file to use as predictor.py: class Predictor with __init__(model, preprocessor), predict(instances, **kwargs) and from_path(model_dir). A file that ends in .mustache is rendered first.",
    env: ["prediction_script"],
  },
  preprocessor: {
    description:
      "A Python file with class Preprocessor: preprocess(instances) before the model, postprocess(predictions) after it, or both. It is packed as preprocessor.py; a predictionScript that wants it imports it.",
    env: ["preprocessor"],
  },
} satisfies Record<string, SettingMeta>;
