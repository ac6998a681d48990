/** What this package uses of archiver 8, which ships no types. */
declare module "archiver" {
  import type { Transform } from "node:stream";

  /** A tar stream; the last three are handed through to the header. */
  export class TarArchive extends Transform {
    append(source: Buffer | string, entry: { name: string; date: Date; mode: number; uid: number; gid: number }): this;
    finalize(): Promise<void>;
  }
}
