import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";

import { TarArchive } from "archiver";

/** A `.tar.gz` of files, given as path and content; those below `bin/` can be run. */
export async function sourceArchive(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const archive = new TarArchive();
  const owner = { date: new Date(0), uid: 0, gid: 0 };
  for (const [name, content] of Object.entries(files)) {
    archive.append(Buffer.from(content), { name, mode: name.startsWith("bin/") ? 0o755 : 0o644, ...owner });
  }
  void archive.finalize();
  return gzipSync(await buffer(archive));
}
