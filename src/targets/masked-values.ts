import { canonicalJson, sha256 } from "../core/hash.js";

/**
 * Values of environment variables may be secrets: a record holds enough of a hash to see that one changed, and too little
 * to tell by it which variables have the same value.
 */
export function maskedValues(env: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).map(([name, value]) => [name, `sha256:${sha256(canonicalJson([name, value])).slice(0, 8)}`]),
  );
}
