import type { Answer } from "../http/exchange.js";

/** An answer that is an error, in the form in which the errors of `@google-cloud/storage` come. */
export class AnswerError extends Error {
  override readonly name = "AnswerError";
  /** The HTTP status. */
  readonly code: number;
  readonly response: { status: number; data: string };

  constructor(status: number, text: string) {
    super(`HTTP ${status}${text === "" ? "" : `: ${text.slice(0, 200)}`}`);
    this.code = status;
    this.response = { status, data: text };
  }
}

/** The JSON of an answer. @throws AnswerError for one that is an error, or is no JSON. */
export function contentOf(answer: Answer): unknown {
  const text = answer.body.toString();
  if (answer.status < 200 || answer.status > 299) throw new AnswerError(answer.status, text);
  try {
    return JSON.parse(text);
  } catch {
    // something on the way answered in Cloud Storage's place
    throw new AnswerError(502, "the answer is not JSON");
  }
}
