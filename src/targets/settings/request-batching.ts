import { DeploymentError } from "../../core/errors.js";
import type { SettingMeta } from "./definition.js";
import { wholeNumber } from "./values.js";

/** The settings of adaptive batching, which every target has whose models the serving runtime serves. */
export const batchingSettings = {
  maxBatchSize: () => wholeNumber(2, 100_000).optional(),
  maxBatchDelay: () => wholeNumber(0, 10_000).optional(),
};

export const batchingMeta = {
  maxBatchSize: {
    description:
      "The most rows that go through the model in one call: those of requests that wait at the same time. For models whose answer to a row does not depend on the other rows.",
    defaultText: "no batching",
  },
  maxBatchDelay: {
    description:
      "Milliseconds that a request waits at most for others to share a call of the model with. One that is alone does not wait.",
    defaultText: "0, with maxBatchSize",
  },
} satisfies Record<string, SettingMeta>;

/** What batches requests, as the settings say it. */
export interface RequestBatching {
  /** Rows. */
  maxBatchSize?: number | undefined;
  /** Milliseconds. */
  maxBatchDelay?: number | undefined;
}

/** The variables by which the serving runtime is told, by the settings that say it. */
const variableOf = {
  maxBatchSize: "SERVING_MAX_BATCH_SIZE",
  maxBatchDelay: "SERVING_MAX_BATCH_DELAY",
} as const;

/** Whether one setting lacks the other. */
export function lacksBatchSize({ maxBatchSize, maxBatchDelay }: RequestBatching): boolean {
  return maxBatchSize === undefined && maxBatchDelay !== undefined;
}

/** @throws DeploymentError `INVALID_PARAMETER_VALUE` for a delay without a size. */
export function checkBatching(batching: RequestBatching): void {
  if (!lacksBatchSize(batching)) return;
  throw new DeploymentError("INVALID_PARAMETER_VALUE", "Invalid setting: maxBatchDelay needs maxBatchSize.");
}

/** The setting that a variable of the serving process is told by; undefined for any other variable. */
export function settingOfVariable(variable: string): keyof RequestBatching | undefined {
  return (Object.keys(variableOf) as (keyof RequestBatching)[]).find((name) => variableOf[name] === variable);
}

/** The variables of a serving process that batches so. */
export function batchingVariables(batching: RequestBatching): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variableOf).flatMap(([name, variable]) => {
      const value = batching[name as keyof RequestBatching];
      return value === undefined ? [] : [[variable, String(value)]];
    }),
  );
}

/** The variables that a serving process has, told apart: the user's own, and what the others say. */
export function withoutBatching(variables: Record<string, string>): {
  env: Record<string, string>;
  batching: RequestBatching;
} {
  const own = Object.entries(variables).filter(([name]) => settingOfVariable(name) === undefined);
  const said = Object.entries(variableOf).flatMap(([name, variable]) =>
    variables[variable] === undefined ? [] : [[name, Number(variables[variable])]],
  );
  return { env: Object.fromEntries(own), batching: Object.fromEntries(said) as RequestBatching };
}
