import { isDeepStrictEqual } from "node:util";

/** @throws Error when one of the answers is not that of the first. */
export function checkEqual(answers: Record<string, unknown>): void {
  const [[firstName, first] = ["", undefined], ...others] = Object.entries(answers);
  for (const [name, answer] of others) {
    if (isDeepStrictEqual(answer, first)) continue;
    const [expected, seen] = [first, answer].map((value) => JSON.stringify(value)?.slice(0, 300));
    throw new Error(`The answers are not equal: ${firstName} says ${expected}, ${name} says ${seen}.`);
  }
}

/** What a server of models predicts, whatever its answer holds besides. */
export function predictionsOf(answer: unknown): unknown {
  return (answer as { predictions: unknown }).predictions;
}
