import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One request as the fake saw it. */
export interface SeenRequest {
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage["headers"];
}

/** Answers in place of the fake; false: as usual. */
export type Override = (request: SeenRequest, response: ServerResponse) => boolean | void;

/** As much of S3 as a reader uses, over one bucket "b" in the path, with whatever goes wrong in `override`. */
export class FakeS3 {
  readonly requests: SeenRequest[] = [];
  readonly objects = new Map<string, Buffer>();
  pageSize = 1000;
  override: Override = () => false;
  uri = "";
  readonly #server = createServer((request, response) => this.#answer(request, response));

  static async start(): Promise<FakeS3> {
    const fake = new FakeS3();
    await new Promise<void>((resolve) => fake.#server.listen(0, "127.0.0.1", resolve));
    fake.uri = `http://127.0.0.1:${(fake.#server.address() as AddressInfo).port}`;
    return fake;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  put(key: string, content: string): void {
    this.objects.set(key, Buffer.from(content));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? "/", "http://fake");
    const seen = { path: decodeURIComponent(url.pathname), query: url.searchParams, headers: request.headers };
    this.requests.push(seen);
    if (this.override(seen, response) !== false) return;
    if (seen.query.get("list-type") === "2") response.end(this.#page(seen.query));
    else this.#object(seen, response);
  }

  #page(query: URLSearchParams): string {
    const prefix = query.get("prefix") ?? "";
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix)).toSorted();
    const from = Number(query.get("continuation-token") ?? 0);
    const next = from + this.pageSize;
    const contents = keys.slice(from, next).map((key) => {
      const content = this.objects.get(key) ?? Buffer.alloc(0);
      return entry(key, content.length, etag(content));
    });
    return listing(contents.join(""), next < keys.length ? String(next) : undefined);
  }

  #object({ path, headers }: SeenRequest, response: ServerResponse): void {
    const content = this.objects.get(path.replace(/^\/b\//, ""));
    if (content === undefined) return s3Failure(response, 404, "NoSuchKey", "The specified key does not exist.");
    if (headers["if-match"] && headers["if-match"] !== etag(content)) {
      return s3Failure(response, 412, "PreconditionFailed", "At least one of the pre-conditions did not hold");
    }
    response.writeHead(200, { etag: etag(content), "content-length": content.length }).end(content);
  }
}

/** An object in a listing, whose key is encoded as `encoding-type=url` asks for. */
export function entry(key: string, size: number | string, tag = '"x"'): string {
  const encoded = encodeURIComponent(key).replaceAll("%2F", "/").replaceAll("%20", "+");
  return `<Contents><Key>${encoded}</Key><Size>${size}</Size><ETag>${tag.replaceAll('"', "&quot;")}</ETag></Contents>`;
}

/** A page of a listing. */
export function listing(contents: string, next?: string): string {
  const more = next === undefined ? "" : `<NextContinuationToken>${next}</NextContinuationToken>`;
  return `<?xml version="1.0"?><ListBucketResult><Name>b</Name><EncodingType>url</EncodingType><IsTruncated>${next !== undefined}</IsTruncated>${more}${contents}</ListBucketResult>`;
}

/** An error in S3's form. */
export function s3Failure(
  response: ServerResponse,
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): void {
  response
    .writeHead(status, { "content-type": "application/xml", ...headers })
    .end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`);
}

function etag(content: Buffer): string {
  return `"${createHash("md5").update(content).digest("hex")}"`;
}
