import type { AiPlatformSettings } from "./config/setting-rules.js";

/**
 * The label of a model version whose rows are not those of the model's signature, or may not be: a predictor or a
 * preprocessor of the user's own may take others, and so may an image of their own.
 */
export const customInputsLabel = "custom-inputs";

/** Whether what is served by these settings may take other rows than the model's signature says. */
export function hasCustomInputs({ serving, predictionScript, preprocessor }: AiPlatformSettings): boolean {
  return serving === "image" || predictionScript !== undefined || preprocessor !== undefined;
}
