/** Whether what is served may take other rows than the model's signature says: a predictor or preprocessor of the user's own may. */
export function hasCustomInputs({
  predictionScript,
  preprocessor,
}: {
  predictionScript?: unknown;
  preprocessor?: unknown;
}): boolean {
  return [predictionScript, preprocessor].some((file) => file !== undefined && file !== null);
}
