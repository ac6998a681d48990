/** @throws Error for what is no TCP port */
export function parsePort(typed: string): number {
  const port = Number(typed);
  if (!/^\d+$/.test(typed) || port > 65_535) throw new Error("A port is a whole number from 0 to 65535.");
  return port;
}
