/** Whether a predictor or a preprocessor is the user's own, which may take other rows than the model's signature says. */
export function hasOwnPredictor({
  predictionScript,
  preprocessor,
}: {
  predictionScript?: unknown;
  preprocessor?: unknown;
}): boolean {
  return [predictionScript, preprocessor].some((file) => file !== undefined && file !== null);
}
