import { sha256 } from "../core/hash.js";

/** PEP 440's version without epoch and implicit post-release (`2024-01` is a date), each separator as pip tolerates it. */
const pep440 =
  /^(?:v[._-]?)?(?<release>\d+(?:\.\d+)*)(?:[._-]?(?<pre>alpha|a|beta|b|preview|pre|rc|c)[._-]?(?<preNumber>\d*))?(?:[._-]?(?<post>post|rev|r)[._-]?(?<postNumber>\d*))?(?:[._-]?(?<dev>dev)[._-]?(?<devNumber>\d*))?(?:\+(?<local>[a-z0-9]+(?:[._-][a-z0-9]+)*))?$/;

const preReleases: Readonly<Record<string, string>> = { alpha: "a", beta: "b", preview: "rc", pre: "rc", c: "rc" };

/** Longer names give a slug that ends with their hash. */
const longest = 40;

/**
 * The sdist's version for the user's name of a version, in PEP 440's normal form:
 *
 * | name | version |
 * |---|---|
 * | `1`, `v_1`, `V1` | `1` |
 * | `1.2.0` | `1.2.0` |
 * | `1.0.0-beta.2` | `1.0.0b2` |
 * | `summer sale` | `0+summer.sale` |
 * | `2024-01-15` | `0+2024.1.15` |
 * | `Größe 3` | `0+grosse.3.` and the start of the name's SHA-256 |
 *
 * A name is its own version where PEP 440 can read it, with or without a `v`. Else its ASCII letters and digits become the
 * local part of version 0, with a hash of the name where other letters were lost or the name is too long.
 */
export function versionOfName(name: string): string {
  const wanted = name.trim().toLowerCase();
  const parts = wanted.length <= longest ? pep440.exec(wanted)?.groups : undefined;
  return parts ? normalForm(parts) : `0+${slug(name, wanted)}`;
}

/** The sdist's version where the user gave none: by what it holds. */
export function versionOfHash(environmentHash: string): string {
  return `0+${segment(environmentHash.slice(0, 12))}`;
}

function normalForm(parts: Partial<Record<string, string>>): string {
  const { release = "0", pre, post, dev, local } = parts;
  return [
    release.split(".").map(segment).join("."),
    pre === undefined ? "" : `${preReleases[pre] ?? pre}${segment(parts["preNumber"] || "0")}`,
    post === undefined ? "" : `.post${segment(parts["postNumber"] || "0")}`,
    dev === undefined ? "" : `.dev${segment(parts["devNumber"] || "0")}`,
    local === undefined ? "" : `+${local.split(/[._-]/).map(segment).join(".")}`,
  ].join("");
}

function slug(name: string, wanted: string): string {
  const segments =
    wanted
      .replaceAll("ß", "ss")
      .normalize("NFKD")
      .replaceAll(/\p{M}/gu, "")
      .match(/[a-z0-9]+/g) ?? [];
  const plain = segments.map(segment).join(".");
  // oxlint-disable-next-line no-control-regex -- exactly ASCII
  if (plain !== "" && plain.length <= longest && /^[\x00-\x7f]*$/.test(wanted)) return plain;
  const start = plain.slice(0, longest).replace(/\.$/, "");
  return [start, segment(sha256(name).slice(0, 8))].filter(Boolean).join(".");
}

/** Numbers have no leading zeros in the normal form. */
function segment(text: string): string {
  return /^\d+$/.test(text) ? text.replace(/^0+(?=\d)/, "") : text;
}
