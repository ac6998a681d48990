/** How long a new thing is left alone: a deployment may be under way that needs it next. Milliseconds. */
const graceMs = 60 * 60_000;

/** Whether something may be part of a deployment that is under way; so may be what nobody knows the age of. */
export function isYoung(createTime: string | null, now: number): boolean {
  return createTime === null || !(now - Date.parse(createTime) > graceMs);
}
