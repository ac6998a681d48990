import { Readable } from "node:stream";

import type { ListObjectsV2CommandOutput } from "@aws-sdk/client-s3";

import { checkListingSize } from "../core/artifact-listing.js";
import { DeploymentError } from "../core/errors.js";
import type { StepContext } from "../core/progress.js";
import type { ArtifactReader, ListedArtifact } from "../core/services.js";
import { objectPath } from "./object-path.js";
import { connectS3, type S3, type S3Library } from "./s3-client.js";
import { s3Error } from "./s3-errors.js";

/** Objects on a page of a listing, at most. */
const fullPage = 1000;

/** Options of {@link S3ArtifactReader}. */
export interface S3ArtifactReaderOptions {
  /** Where `MLFLOW_S3_*` and `AWS_*` are read that are not the SDK's own. Default `process.env`. */
  env?: NodeJS.ProcessEnv | undefined;
  /** Loads the AWS SDK. */
  load?: (() => Promise<S3Library>) | undefined;
}

/** Reads the files below `s3://bucket/prefix`, on Amazon S3 and on what speaks its language. */
export class S3ArtifactReader implements ArtifactReader {
  readonly #env: NodeJS.ProcessEnv;
  readonly #load: () => Promise<S3Library>;
  #connected: Promise<S3> | undefined;

  constructor({ env = process.env, load = () => import("@aws-sdk/client-s3") }: S3ArtifactReaderOptions = {}) {
    this.#env = env;
    this.#load = load;
  }

  /**
   * Lists the objects below `uri`, but for the empty ones that stand for folders.
   *
   * @throws DeploymentError `FAILED_PRECONDITION` (no AWS SDK), `INVALID_PARAMETER_VALUE` (no `s3://` URI; an object whose name is no
   * path below it; another region), `RESOURCE_DOES_NOT_EXIST` (no such bucket), `UNAUTHENTICATED`, `PERMISSION_DENIED`.
   */
  async list(uri: string, { signal }: StepContext): Promise<ListedArtifact[]> {
    const { bucket, prefix } = parseS3Uri(uri);
    return this.#explained(`Listing ${uri}`, bucket, async ({ client, library }) => {
      const files: ListedArtifact[] = [];
      let entries = 0;
      let token: string | undefined;
      do {
        const page = await client.send(
          new library.ListObjectsV2Command({
            Bucket: bucket,
            Prefix: prefix,
            ContinuationToken: token,
            EncodingType: "url",
            ...this.#owner(),
          }),
          { abortSignal: signal },
        );
        checkIsListing(page, uri);
        // pages of nothing have an end, too
        entries += page.Contents?.length || fullPage;
        checkListingSize(entries, uri);
        files.push(...filesOf(page, prefix, uri));
        token = page.IsTruncated ? page.NextContinuationToken : undefined;
      } while (token !== undefined);
      return files;
    });
  }

  /** The bytes of one file, of the ETag that was listed. The stream fails when they are not those that S3 has a checksum of. */
  async open(uri: string, path: string, context: StepContext, version?: string): Promise<NodeJS.ReadableStream> {
    const { bucket, prefix } = parseS3Uri(uri);
    const key = prefix + path;
    const doing = `Reading s3://${bucket}/${key}`;
    return this.#explained(doing, bucket, async ({ client, library, endpoint }) => {
      const command = new library.GetObjectCommand({
        Bucket: bucket,
        Key: key,
        IfMatch: version,
        ChecksumMode: "ENABLED",
        ...this.#owner(),
      });
      const { Body: body } = await client.send(command, { abortSignal: context.signal });
      return Readable.from(content(body as Readable, { doing, bucket, endpoint }), { objectMode: false });
    });
  }

  /** Made at the first use; one that failed is tried anew. */
  #connect(): Promise<S3> {
    this.#connected ??= connectS3(this.#env, this.#load).catch((error: unknown) => {
      this.#connected = undefined;
      throw error;
    });
    return this.#connected;
  }

  /** The account that the bucket must belong to, where MLflow is told: else S3 refuses. */
  #owner(): { ExpectedBucketOwner?: string } {
    const owner = this.#env.MLFLOW_S3_EXPECTED_BUCKET_OWNER;
    return owner ? { ExpectedBucketOwner: owner } : {};
  }

  async #explained<T>(doing: string, bucket: string, work: (s3: S3) => Promise<T>): Promise<T> {
    let endpoint: string | null = null;
    try {
      const s3 = await this.#connect();
      endpoint = s3.endpoint;
      return await work(s3);
    } catch (error) {
      throw s3Error({ doing, bucket, endpoint }, error);
    }
  }
}

async function* content(body: Readable, attempt: Parameters<typeof s3Error>[0]): AsyncGenerator<Buffer> {
  try {
    yield* body as AsyncIterable<Buffer>;
  } catch (error) {
    throw s3Error(attempt, error);
  }
}

function* filesOf(page: ListObjectsV2CommandOutput, prefix: string, uri: string): Generator<ListedArtifact> {
  for (const { Key = "", Size = 0, ETag: version } of page.Contents ?? []) {
    const key = page.EncodingType === "url" ? decoded(Key) : Key;
    if (key.endsWith("/") && Size === 0) continue;
    if (!key.startsWith(prefix)) throw notBelow(key, uri);
    yield { path: objectPath(key.slice(prefix.length), uri), size: Size, version };
  }
}

/** As `application/x-www-form-urlencoded`, which is what S3 means by `url`. What is not stays as it is. */
function decoded(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll("+", " "));
  } catch {
    return key;
  }
}

/** Bucket and prefix of an `s3://` URI; the prefix ends with a slash unless it is empty. */
function parseS3Uri(uri: string): { bucket: string; prefix: string } {
  const [, bucket, path = ""] = /^s3:\/\/([a-z0-9][a-z0-9._-]*)(?:\/([^?#]*))?$/i.exec(uri) ?? [];
  if (bucket === undefined) {
    const shown = uri.replace(/^(s3:\/\/)[^/]*@/i, "$1").replace(/\?.*$/s, "");
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      `"${shown}" is not of the form s3://bucket/path, without user, query or '#'.`,
    );
  }
  const prefix = path.replace(/\/+$/, "");
  return { bucket, prefix: prefix === "" ? "" : `${prefix}/` };
}

/** The SDK reads any XML, such as a page of XHTML, as a listing of nothing. */
function checkIsListing(page: ListObjectsV2CommandOutput, uri: string): void {
  if (page.Name !== undefined || page.KeyCount !== undefined || page.IsTruncated !== undefined) return;
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `Listing ${uri} failed: what answers is not S3. Check MLFLOW_S3_ENDPOINT_URL.`,
  );
}

function notBelow(key: string, uri: string): DeploymentError {
  return new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The listing of ${uri} names ${JSON.stringify(key.slice(0, 200))}, which is not below it. Check MLFLOW_S3_ENDPOINT_URL.`,
  );
}
