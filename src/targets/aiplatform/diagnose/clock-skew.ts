import { failed, type Finding, ok, skipped, warning } from "./check.js";
import type { GoogleConnection } from "../google/connection.js";
import type { Place } from "./place.js";

/** The lease of a deployment's lock is twice as long (`leaseMs`): a clock that is further off may break a lock that is held. */
const tolerableSeconds = 30;

/** Whether this machine's clock is Google's. */
export async function clockSkew({ connection, clock }: Place, signal: AbortSignal): Promise<Finding> {
  const before = clock.now();
  const url = `${connection.aiplatformUrl("global")}/`;
  let date: number | null;
  try {
    date = await answerDate(url, connection, signal);
  } catch (error) {
    return failed(`No answer from ${url}: ${(error as Error).message}.`, "Check the network and its proxy.");
  }
  if (date === null) return skipped("The answer has no date.");
  // the header has whole seconds
  const seconds = Math.round(((before + clock.now()) / 2 - (date + 500)) / 1000);
  const whose = connection.emulator === null ? "Google's" : "the emulator's";
  if (Math.abs(seconds) <= tolerableSeconds) return ok(`This machine's clock is ${whose}, to ${tolerableSeconds} s.`);
  const side = seconds > 0 ? "ahead of" : "behind";
  return warning(
    `This machine's clock is ${Math.abs(seconds)} s ${side} ${whose}.`,
    "Set it, best by NTP: which process may work on a deployment is judged by clocks.",
  );
}

/** The header `Date` of any answer, as milliseconds since the epoch. */
async function answerDate(url: string, { emulator }: GoogleConnection, signal: AbortSignal): Promise<number | null> {
  const { default: axios } = await import("axios");
  const { headers } = await axios.head(url, {
    ...(emulator !== null && { proxy: false }),
    maxRedirects: 0,
    validateStatus: () => true,
    signal,
  });
  const date: unknown = headers["date"];
  const milliseconds = typeof date === "string" ? Date.parse(date) : Number.NaN;
  return Number.isNaN(milliseconds) ? null : milliseconds;
}
