import { createHash } from "node:crypto";
import { text } from "node:stream/consumers";

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { S3ArtifactReader } from "../../src/storage/s3-artifact-reader.js";
import type { S3Library } from "../../src/storage/s3-client.js";
import { recordingContext } from "./storage-fake.js";
import { entry, FakeS3, listing, s3Failure } from "./storage-s3-fake.js";

const secret = "hunter2secret";
const context = recordingContext();
let fake: FakeS3;
let reader: S3ArtifactReader;

beforeEach(async () => {
  fake = await FakeS3.start();
  // the SDK's own: nothing of this machine's must count
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", secret);
  vi.stubEnv("AWS_CONFIG_FILE", "/nowhere");
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere");
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
  vi.stubEnv("AWS_MAX_ATTEMPTS", "1");
  reader = readerWith();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await fake.stop();
});

function readerWith(env: NodeJS.ProcessEnv = {}): S3ArtifactReader {
  return new S3ArtifactReader({ env: { MLFLOW_S3_ENDPOINT_URL: fake.uri, ...env } });
}

/** What listing `s3://b/m` fails with. */
const refusal = (from = reader): Promise<unknown> => from.list("s3://b/m", context).catch((error: unknown) => error);

describe("listing an s3:// URI", () => {
  it("gives paths below it over all pages, without placeholders of folders or neighbours", async () => {
    fake.pageSize = 2;
    fake.put("m/MLmodel", "flavors");
    fake.put("m/data/", "");
    fake.put("m/data/model.pkl", "12345");
    fake.put("m/a b+c%d&é'\".txt", "");
    fake.put("m2/other", "x");
    const files = (await reader.list("s3://b/m/", context)).map(({ path, size }) => [path, size]);
    expect(files).toEqual([
      ["MLmodel", 7],
      ["a b+c%d&é'\".txt", 0],
      ["data/model.pkl", 5],
    ]);
    expect(fake.requests.map(({ path }) => path)).toEqual(["/b/", "/b/"]);
    expect(await reader.list("s3://b", context)).toHaveLength(4);
  });

  it.each(["../x", "a//b", "/etc/passwd", "a/./b", "a\\b", "a\nb", "a\u0001b"])(
    "refuses the name %j, which is no path",
    async (name) => {
      fake.put(`m/${name}`, "x");
      expect(await refusal()).toMatchObject({ code: "INVALID_PARAMETER_VALUE" });
    },
  );

  it("refuses what is not below it", async () => {
    fake.override = (_request, response) => void response.end(listing(entry("other/MLmodel", 1)));
    expect(await refusal()).toMatchObject({
      message: expect.stringContaining('names "other/MLmodel", which is not below it'),
    });
  });

  it.each([0, 1000])("ends when it has no end, with %i objects on each page", async (objects) => {
    const page = Array.from({ length: objects }, (_, index) => entry(`m/${index}`, 1)).join("");
    let pages = 0;
    fake.override = (_request, response) => void response.end(listing(page, String(++pages)));
    expect(await refusal()).toMatchObject({ message: expect.stringContaining("more than 100000 files") });
    expect(pages).toBe(101);
  });

  it.each(["s3://", "s3:///m", "s3://user:hunter2@b/m", "s3://b/m?versionId=hunter2", "s3://../other"])(
    "needs a bucket and nothing but a path: %s",
    async (uri) => {
      const error = await reader.list(uri, context).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: "INVALID_PARAMETER_VALUE", message: expect.not.stringContaining("hunter2") });
      expect(fake.requests).toEqual([]);
    },
  );
});

describe("opening a file of S3", () => {
  it("gives the bytes of the ETag that was listed, whatever its name", async () => {
    const name = "a b+c%2e?&é'\".txt";
    fake.put(`m/${name}`, "content");
    const [file] = await reader.list("s3://b/m", context);
    const open = () => reader.open("s3://b/m", name, context, file?.version);
    expect(await text(await open())).toBe("content");
    fake.put(`m/${name}`, "another");
    await expect(open()).rejects.toMatchObject({
      code: "RESOURCE_CONFLICT",
      message: expect.stringContaining("It changed while it was read"),
    });
  });

  it("fails when the bytes are not those of the checksum, or end too early", async () => {
    const checksum = createHash("sha256").update("content").digest("base64");
    fake.override = (_request, response) =>
      void response.writeHead(200, { "x-amz-checksum-sha256": checksum }).end("CONTENT");
    await expect(reader.open("s3://b/m", "f", context).then(text)).rejects.toMatchObject({
      code: "TEMPORARILY_UNAVAILABLE",
      message: expect.stringMatching(/^Reading s3:\/\/b\/m\/f failed: Checksum mismatch/),
    });
    fake.override = (_request, response) => {
      response.writeHead(200, { "content-length": 7 });
      response.write("cont", () => response.destroy());
    };
    await expect(reader.open("s3://b/m", "f", context).then(text)).rejects.toMatchObject({
      code: "TEMPORARILY_UNAVAILABLE",
      retryable: true,
    });
  });

  it("stops when it is cancelled", async () => {
    const controller = new AbortController();
    fake.override = () => controller.abort();
    const reading = reader.open("s3://b/m", "f", recordingContext(controller.signal)).then(text);
    await expect(reading).rejects.toMatchObject({ code: "CANCELLED" });
  });
});

describe("a failure of S3", () => {
  it.each([
    [
      404,
      "NoSuchBucket",
      "RESOURCE_DOES_NOT_EXIST",
      /Check the bucket's name, "b", and MLFLOW_S3_ENDPOINT_URL \(now http:/,
    ],
    [403, "AccessDenied", "PERMISSION_DENIED", /Grant the caller s3:ListBucket on the bucket "b" and s3:GetObject/],
    [403, "InvalidAccessKeyId", "UNAUTHENTICATED", /Set AWS_ACCESS_KEY_ID/],
    [403, "SignatureDoesNotMatch", "UNAUTHENTICATED", /Set AWS_ACCESS_KEY_ID/],
    [400, "ExpiredToken", "UNAUTHENTICATED", /`aws sso login` renews a session/],
    [403, "RequestTimeTooSkewed", "FAILED_PRECONDITION", /Set this machine's clock/],
    [400, "AuthorizationHeaderMalformed", "INVALID_PARAMETER_VALUE", /Set AWS_REGION to the region of the bucket "b"/],
    [503, "SlowDown", "TEMPORARILY_UNAVAILABLE", /Run it again later/],
  ])("of status %i and code %s is %s, and says what to do", async (status, name, code, advice) => {
    fake.override = (_request, response) => s3Failure(response, status, name, "In the words of S3");
    const error = await refusal();
    expect(error).toMatchObject({ code, message: expect.stringMatching(advice) });
    expect(error).toMatchObject({ message: expect.stringContaining(`In the words of S3 (${name}).`) });
    expect(JSON.stringify([error, (error as Error).cause, String((error as Error).stack)])).not.toContain(secret);
  });

  it("of another region is none, when S3 says which; else it names the region", async () => {
    const elsewhere = { "x-amz-bucket-region": "eu-west-3" };
    fake.put("m/MLmodel", "x");
    fake.override = ({ headers }, response) => {
      if (headers.authorization?.includes("/eu-west-3/s3/")) return false;
      s3Failure(response, 301, "PermanentRedirect", "Use another endpoint", elsewhere);
      return true;
    };
    expect(await reader.list("s3://b/m", context)).toHaveLength(1);
    fake.override = (_request, response) =>
      s3Failure(response, 301, "PermanentRedirect", "Use another endpoint", elsewhere);
    expect(await refusal()).toMatchObject({
      message: expect.stringMatching(/AWS_REGION .* the bucket "b", eu-west-3/),
    });
  });

  it("is a redirect to another host, which gets no request", async () => {
    const other = await FakeS3.start();
    fake.override = (_request, response) => void response.writeHead(307, { location: `${other.uri}/b` }).end();
    expect(await refusal()).toMatchObject({ code: "INVALID_PARAMETER_VALUE" });
    expect(other.requests).toEqual([]);
    await other.stop();
  });

  it.each([
    ["text/html", "<html><body>Sign in</body></html>"],
    ["text/html", "<!doctype html><p>Sign in<br></html>"],
    ["application/json", '{"files": []}'],
  ])("is an answer that is not S3's: %s %s", async (type, body) => {
    fake.override = (_request, response) => void response.writeHead(200, { "content-type": type }).end(body);
    expect(await refusal()).toMatchObject({
      name: "DeploymentError",
      message: expect.stringContaining("MLFLOW_S3_ENDPOINT_URL"),
    });
  });

  it("is no server at all", async () => {
    const uri = fake.uri;
    await fake.stop();
    expect(await refusal()).toMatchObject({
      code: "TEMPORARILY_UNAVAILABLE",
      message: expect.stringContaining(`MLFLOW_S3_ENDPOINT_URL (now ${uri})`),
    });
    fake = await FakeS3.start();
  });

  it("is that there are no credentials", async () => {
    vi.stubEnv("AWS_ACCESS_KEY_ID", undefined);
    expect(await refusal()).toMatchObject({
      code: "UNAUTHENTICATED",
      message: expect.stringMatching(/Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY/),
    });
    expect(fake.requests).toEqual([]);
  });

  it("is that the AWS SDK is not installed, with the command that installs it", async () => {
    const absent = "@aws-sdk/client-that-is-not-there";
    const load = () => import(absent) as Promise<S3Library>;
    expect(await refusal(new S3ArtifactReader({ env: {}, load }))).toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("npm install @aws-sdk/client-s3"),
    });
  });
});

describe("MLflow's settings for S3", () => {
  it("choose the region, the owner and the style of addresses", async () => {
    await readerWith({ AWS_DEFAULT_REGION: "eu-west-2", MLFLOW_S3_EXPECTED_BUCKET_OWNER: "123456789012" }).list(
      "s3://b/m",
      context,
    );
    await reader.list("s3://b/m", context);
    const [set, unset] = fake.requests.map(({ headers }) => headers);
    expect(set?.authorization).toContain("/eu-west-2/s3/");
    expect(set?.["x-amz-expected-bucket-owner"]).toBe("123456789012");
    expect(unset?.authorization).toContain("/us-east-1/s3/");
    expect(unset?.host).toBe(new URL(fake.uri).host);

    const env = {
      MLFLOW_S3_ENDPOINT_URL: fake.uri.replace("127.0.0.1", "localhost"),
      MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE: "virtual",
    };
    const outcome = await readerWith(env)
      .list("s3://bucket/m", context)
      .then(() => "", String);
    // not every machine knows the names below localhost
    expect(`${outcome} ${fake.requests.at(-1)?.headers.host}`).toContain("bucket.localhost");
  });

  it("send nothing of the credentials to a public bucket", async () => {
    await readerWith({ MLFLOW_EXPERIMENTAL_S3_SIGNATURE_VERSION: "unsigned" }).list("s3://b/m", context);
    expect(fake.requests[0]?.headers.authorization).toBeUndefined();
  });

  it.each([
    { MLFLOW_S3_ENDPOINT_URL: "minio:9000" },
    { MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE: "sideways" },
    { AWS_CA_BUNDLE: "/nowhere/ca.pem" },
  ])("are named when they are wrong: %j", async (env) => {
    const [variable = ""] = Object.keys(env);
    expect(await refusal(readerWith(env as NodeJS.ProcessEnv))).toMatchObject({
      code: "INVALID_PARAMETER_VALUE",
      message: expect.stringContaining(variable),
    });
  });
});
