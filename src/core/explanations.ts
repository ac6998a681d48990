/** What an explanation request gave. */
export interface Explanations {
  /** One for each row, in their order: what the platform says of it. */
  explanations: unknown[];
  /** The predictions that are explained, in the same order. */
  predictions: unknown[];
  /** Which deployed model answered. */
  deployedModelId: string | null;
}
