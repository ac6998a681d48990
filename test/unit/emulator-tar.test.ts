import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { ArchiveError, extractTarGz } from "../../src/emulator/build/tar.js";
import { sourceArchive } from "../support/source-archive.js";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "emulator-tar-"));
});

afterEach(() => rm(directory, { recursive: true }));

const extract = (archive: Buffer) =>
  extractTarGz(Readable.from([archive]), join(directory, "out"), new AbortController().signal);

/** An archive of one entry, as no tool would write it. */
function archiveOf(name: string, type: string, content = "", size = octal(content.length)): Buffer {
  return gzipSync(Buffer.concat([entryOf(name, type, content, size), Buffer.alloc(1024)]));
}

/** An archive of one file whose size is what a pax header before it says. */
function archiveOfSize(size: string): Buffer {
  const pax = entryOf("pax", "x", `${` size=${size}\n`.length + 2} size=${size}\n`);
  return gzipSync(Buffer.concat([pax, entryOf("file", "0", "x"), Buffer.alloc(1024)]));
}

const octal = (size: number) => size.toString(8).padStart(11, "0");

function entryOf(name: string, type: string, content: string, size = octal(content.length)): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0, 100);
  header.write("0000644\0", 100);
  header.write(`${size}\0`, 124);
  header.write("        ", 148);
  header.write(type, 156);
  header.write("ustar\u000000", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  const body = Buffer.alloc(Math.ceil(content.length / 512) * 512);
  body.write(content);
  return Buffer.concat([header, body]);
}

describe("unpacking a build's source", () => {
  it("gives the files, their content and whether they can be run", async () => {
    const longName = `${"deep/".repeat(60)}ü.txt`;
    await extract(
      await sourceArchive({ "a.txt": "plain", "bin/run": "#!", [longName]: "x".repeat(100_000), empty: "" }),
    );
    expect(await readFile(join(directory, "out/a.txt"), "utf8")).toBe("plain");
    expect((await stat(join(directory, "out/bin/run"))).mode & 0o111).not.toBe(0);
    expect((await readFile(join(directory, "out", longName))).length).toBe(100_000);
    expect((await stat(join(directory, "out/empty"))).size).toBe(0);
  });

  it.each([
    ["a path that leads out", archiveOf("../out-of-it", "0", "x"), "leads out"],
    ["an absolute path", archiveOf("/tmp/absolute", "0", "x"), "leads out"],
    ["a path that leads out later", archiveOf("a/../../b", "0", "x"), "leads out"],
    ["a symbolic link", archiveOf("link", "2"), "neither a file nor a directory"],
    ["a hard link", archiveOf("link", "1"), "neither a file nor a directory"],
    ["a device", archiveOf("device", "3"), "neither a file nor a directory"],
    ["a size below zero", archiveOf("file", "0", "x", "-0000000001"), "size is no number"],
    ["a later size that is no number", archiveOfSize("abcdefgh"), "size is no number"],
    ["a later size below zero", archiveOfSize("-1000000"), "size is no number"],
    ["a later size past counting", archiveOfSize("9e99999999"), "size is no number"],
    ["a later size over the limit", archiveOfSize("8589934593"), "unpacks to more than"],
    ["what is not compressed", Buffer.from("text"), "not a .tar.gz"],
    ["what is no tar", gzipSync(Buffer.alloc(600, 65)), "not a tar archive"],
    ["what ends too early", gzipSync(Buffer.alloc(100, 65)), "not a tar archive"],
  ])("refuses %s", async (_what, archive, message) => {
    const refusal = await extract(archive).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ArchiveError);
    expect(String(refusal)).toContain(message);
  });
});
