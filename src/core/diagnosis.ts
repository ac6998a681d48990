/** One thing that a deployment needs, as it was found. */
export interface Diagnosis {
  /** What was looked at, such as `credentials`. */
  check: string;
  /** `skipped`: an earlier failure, or a missing setting, left nothing to look at. */
  status: "ok" | "warning" | "failed" | "skipped";
  /** What was found, in one line. */
  message: string;
  /** What to do about it; null where nothing is to be done. */
  advice: string | null;
}
