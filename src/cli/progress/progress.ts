import type { OnProgress } from "../../core/progress.js";

/** Tells the person who waits, or a program, what a call is at. */
export interface Progress {
  onEvent: OnProgress;
  /** A line between the events. */
  note(line: string): void;
  /** The call goes on as an operation of this name. */
  background(operation: string): void;
  /** Nothing comes any more. Called once. @param finished - Whether the call came to its end without an error. */
  stop(finished: boolean): void;
}
