import { DeploymentError } from "../../core/errors.js";

/** Who gets how much of an endpoint's traffic: whole percents by deployment, which add up to 100, or nothing at all. */
export type Traffic = Record<string, number>;

/**
 * The traffic with `name` at `percent`, and the others in their proportions in the rest.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` for no percentage, and for less than all where there are no others.
 */
export function withShare(traffic: Traffic, name: string, percent: number): Traffic {
  checkPercent(name, percent);
  const { [name]: _, ...others } = traffic;
  if (Object.keys(others).length === 0 && percent !== 100) {
    throw invalid(`"${name}" cannot have ${percent}% of the traffic: it is alone on its endpoint and gets all of it.`);
  }
  return { ...shareOut(others, 100 - percent), [name]: percent };
}

/** The traffic without `name`, whose share goes to the others in their proportions. */
export function withoutShare(traffic: Traffic, name: string): Traffic {
  const { [name]: _, ...others } = traffic;
  return shareOut(others, 100);
}

/**
 * A traffic split as a caller wants it, of all that is on the endpoint: who is not named gets nothing.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` for a sum other than 100, and for who is not on the endpoint.
 */
export function checkedSplit(split: unknown, names: readonly string[]): Traffic {
  if (typeof split !== "object" || split === null)
    throw invalid("trafficSplit must be an object of names and percents.");
  const entries = Object.entries(split as Traffic);
  for (const [name, percent] of entries) {
    if (!names.includes(name)) throw invalid(`trafficSplit names "${name}", which is not on the endpoint.`);
    checkPercent(name, percent);
  }
  const sum = entries.reduce((total, [, percent]) => total + percent, 0);
  if (sum !== 100) throw invalid(`trafficSplit must add up to 100, and has ${sum}.`);
  return { ...Object.fromEntries(names.map((name) => [name, 0])), ...Object.fromEntries(entries) };
}

/** Gives each request to a deployment such that any hundred of them have the split, without chance (smooth weighted round robin). */
export class TrafficRouter {
  readonly #owed = new Map<string, number>();

  next(traffic: Traffic): string | undefined {
    const shares = Object.entries(traffic).filter(([, percent]) => percent > 0);
    for (const [name, percent] of shares) this.#owed.set(name, (this.#owed.get(name) ?? 0) + percent);
    const owed = ([name]: [string, number]) => this.#owed.get(name) ?? 0;
    const chosen = shares.toSorted((a, b) => owed(b) - owed(a))[0];
    if (!chosen) return undefined;
    this.#owed.set(chosen[0], owed(chosen) - 100);
    return chosen[0];
  }
}

/** `total` in the proportions of `shares`, in whole percents; evenly where all of them are 0. */
function shareOut(shares: Traffic, total: number): Traffic {
  const entries = Object.entries(shares);
  const sum = entries.reduce((all, [, percent]) => all + percent, 0);
  let left = total;
  let weightLeft = sum === 0 ? entries.length : sum;
  return Object.fromEntries(
    entries.map(([name, percent]) => {
      const weight = sum === 0 ? 1 : percent;
      const share = weightLeft === 0 ? 0 : Math.round((left * weight) / weightLeft);
      left -= share;
      weightLeft -= weight;
      return [name, share];
    }),
  );
}

function checkPercent(name: string, percent: unknown): void {
  if (Number.isInteger(percent) && (percent as number) >= 0 && (percent as number) <= 100) return;
  throw invalid(`The share of "${name}" must be a whole number from 0 to 100, and is ${String(percent)}.`);
}

function invalid(message: string): DeploymentError {
  return new DeploymentError("INVALID_PARAMETER_VALUE", message);
}
