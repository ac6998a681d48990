import { randomBytes } from "node:crypto";

/** An etag that no resource had before. */
export function newEtag(): string {
  return `AMEw9y${randomBytes(24).toString("base64url")}`;
}
