/** What this package uses of archiver 8, which ships no types. */
declare module "archiver" {
  import type { Readable, Transform } from "node:stream";

  interface Entry {
    name: string;
    date: Date;
    mode: number;
    uid: number;
    gid: number;
    /** Of a stream: without its size it would be read into memory. */
    stats?: { size: number };
  }

  /** A tar stream; mode and the two ids are handed through to the header. */
  export class TarArchive extends Transform {
    append(source: Readable | Buffer | string, entry: Entry): this;
    finalize(): Promise<void>;
  }
}
