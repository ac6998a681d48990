/**
 * The types of one model: a row of its input, its inference parameters, and one prediction. The command `types` writes them
 * by the model's signature; nothing of it exists when a program runs.
 */
export interface ModelType<
  Input = unknown,
  Params extends Record<string, unknown> = Record<string, unknown>,
  Output = unknown,
> {
  input: Input;
  params: Params;
  output: Output;
}
