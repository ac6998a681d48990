/** Something that no deployment needs any more. */
export interface PruneItem {
  kind: "version" | "image" | "object" | "record";
  /** The platform's full name of it. */
  name: string;
  /** Why it is not needed, for a person. */
  reason: string;
  /** Bytes; null where they are not known. */
  size: number | null;
  /** RFC 3339; null where it is not known. */
  createTime: string | null;
}
