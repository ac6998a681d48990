import { invalidArgument } from "../../google-error.js";
import { parseGsUri } from "../../cloud-storage/gs-uri.js";
import type { ObjectPath, ObjectStore } from "../../cloud-storage/object-store.js";
import { csvHeader, csvInstance, type Input, jsonInstance } from "./instances.js";
import type { InstanceConfig, JobRequest } from "./job-record.js";
import { linesOf } from "./lines.js";

/** The most that a request to the model's server may have, and so the most of an instance: as for online predictions. */
export const mostRequestBytes = 1_500_000;

/** How the input files of a job are read. */
export interface Reading {
  format: JobRequest["inputConfig"]["instancesFormat"];
  config: InstanceConfig;
}

/** The instances in files, one after the other: none of it is kept. @throws GoogleError when a file can't be read. */
export async function* readInputs(
  objects: ObjectStore,
  files: readonly ObjectPath[],
  { format, config }: Reading,
): AsyncGenerator<Input> {
  for (const file of files) {
    let header: string[] | undefined;
    for await (const line of linesOf(await objects.open(file.bucket, file.object), mostRequestBytes)) {
      if ("tooLong" in line) {
        yield { source: { instance: null }, problem: tooLarge(line.tooLong) };
      } else if (format === "jsonl") {
        yield jsonInstance(line.text, config);
      } else if (format === "file-list") {
        yield await listedFile(objects, line.text.trim());
      } else if (header) {
        yield csvInstance(line.text, header, config);
      } else {
        header = checkedHeader(line.text, file, config);
      }
    }
  }
}

/** What is wrong with an instance of that many bytes. */
export function tooLarge(bytes: number): string {
  return `The instance has ${bytes} bytes; at most ${mostRequestBytes} can be sent to the model.`;
}

function checkedHeader(line: string, { bucket, object }: ObjectPath, { keyField }: InstanceConfig): string[] {
  const header = csvHeader(line);
  if (!header) throw invalidArgument(`The first line of gs://${bucket}/${object} is not a CSV header.`);
  if (keyField !== undefined && !header.includes(keyField)) {
    throw invalidArgument(
      `The header of gs://${bucket}/${object} has no column "${keyField}", which is the key field.`,
    );
  }
  return header;
}

/** "Each file in the list will be converted to an object in the format of `{"b64": <value>}`". */
async function listedFile(objects: ObjectStore, uri: string): Promise<Input> {
  const source = { instance: uri };
  const path = parseGsUri(uri);
  if (!path?.object) return { source, problem: `"${uri}" is not of the form gs://BUCKET/OBJECT.` };
  if (!(await objects.getBucket(path.bucket))) return { source, problem: `The bucket of ${uri} does not exist.` };
  const found = await objects.stat(path.bucket, path.object);
  if (!found) return { source, problem: `The object ${uri} does not exist.` };
  if (Number(found.size) > mostRequestBytes) return { source, problem: tooLarge(Number(found.size)) };
  const chunks: Buffer[] = [];
  for await (const chunk of (await objects.open(path.bucket, path.object)) as AsyncIterable<Buffer>) chunks.push(chunk);
  return { source, instance: { b64: Buffer.concat(chunks).toString("base64") } };
}
