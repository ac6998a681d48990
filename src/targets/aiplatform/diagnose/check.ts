import { unlessAborted } from "../../../core/abort.js";
import type { Diagnosis } from "../../../core/diagnosis.js";
import { DeploymentError } from "../../../core/errors.js";

/** What a check has found. */
export type Finding = Omit<Diagnosis, "check">;

export function ok(message: string): Finding {
  return { status: "ok", message, advice: null };
}

export function warning(message: string, advice: string): Finding {
  return { status: "warning", message, advice };
}

export function failed(message: string, advice: string): Finding {
  return { status: "failed", message, advice };
}

export function skipped(message: string, advice: string | null = null): Finding {
  return { status: "skipped", message, advice };
}

/**
 * What an error says, as a finding: messages of this package say first what failed and then what to do.
 *
 * @param otherwise - What to do where the error does not say it.
 */
export function fromError(error: unknown, otherwise: string, status: "failed" | "warning" = "failed"): Finding {
  const { message } = DeploymentError.from(error, "The check");
  const line = message.replaceAll(/\s+/g, " ").trim();
  const [, first, rest] = /^(.+?[.!?]) (?=[A-Z`])(.+)$/.exec(line) ?? [];
  return { status, message: first ?? line, advice: rest ?? otherwise };
}

/** Runs checks, each for itself. */
export class Checks {
  readonly #signal: AbortSignal | undefined;
  readonly #timeoutMs: number;

  /**
   * @param signal - The caller's.
   * @param timeoutMs - How long one check may take.
   */
  constructor(signal: AbortSignal | undefined, timeoutMs: number) {
    this.#signal = signal;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Looks at one thing. Never rejects: what `work` throws, and that it takes too long, is a finding as well.
   *
   * @param after - Checks that have to be passed before; if one is not, this one is skipped.
   */
  async run(
    check: string,
    work: (signal: AbortSignal) => Finding | Promise<Finding>,
    after: readonly Promise<Diagnosis>[] = [],
  ): Promise<Diagnosis> {
    const earlier = await Promise.all(after);
    const missing = earlier.find(({ status }) => status === "failed" || status === "skipped");
    if (missing) return { check, ...skipped(`Not looked at, since the check "${missing.check}" is not passed.`) };
    const late = AbortSignal.timeout(this.#timeoutMs);
    const ended = this.#signal ? AbortSignal.any([late, this.#signal]) : late;
    try {
      // not everything that a check waits for takes a signal
      return { check, ...(await unlessAborted(Promise.resolve(work(ended)), ended, cancelled)) };
    } catch (error) {
      if (!late.aborted) return { check, ...fromError(error, "Correct that, and look again.") };
      const message = `No answer within ${this.#timeoutMs / 1000} s.`;
      return { check, ...failed(message, "Check the network: a firewall or a proxy may hold requests up.") };
    }
  }
}

function cancelled(): DeploymentError {
  return new DeploymentError("CANCELLED", "The check was cancelled.");
}
