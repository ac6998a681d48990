import { Storage } from "@google-cloud/storage";
import { artifactregistry } from "googleapis/build/src/apis/artifactregistry/index.js";
import { cloudbuild } from "googleapis/build/src/apis/cloudbuild/index.js";

import type { Emulator } from "../../src/emulator/index.js";
import { inspectPython, minorOf } from "../../src/runtime/python.js";
import { testPython } from "./python.js";
import { sourceArchive } from "./source-archive.js";

/** A container without dependencies that starts at once: each prediction is the sum of its row. */
const server = `
import json, os
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer({})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.answer({"predictions": [sum(row) for row in body["instances"]]})

    def answer(self, value):
        content = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args):
        pass

HTTPServer(("127.0.0.1", int(os.environ["AIP_HTTP_PORT"])), Handler).serve_forever()
`;

/** Has the emulator build an image of a small server, and gives the image's name. */
export async function buildSmallImage(emulator: Emulator, project: string, location: string): Promise<string> {
  const parent = `projects/${project}/locations/${location}`;
  const rootUrl = `${emulator.url}/`;
  const builds = cloudbuild({ version: "v1", rootUrl }).projects.locations.builds;
  const base = `python:${minorOf((await inspectPython(testPython())).version)}-slim`;
  const dockerfile = `FROM ${base}\nWORKDIR /app\nCOPY server.py ./\nCMD ["python", "server.py"]\n`;
  const image = `${location}-docker.pkg.dev/${project}/small/server:1`;

  await artifactregistry({ version: "v1", rootUrl }).projects.locations.repositories.create({
    parent,
    repositoryId: "small",
    requestBody: { format: "DOCKER" },
  });
  await emulator.createBucket("small-image-source", { location, project });
  const file = new Storage({ apiEndpoint: emulator.url, projectId: project })
    .bucket("small-image-source")
    .file("source.tgz");
  await file.save(await sourceArchive({ Dockerfile: dockerfile, "server.py": server }), { resumable: false });
  const { data } = await builds.create({
    parent,
    requestBody: {
      source: { storageSource: { bucket: "small-image-source", object: "source.tgz" } },
      steps: [{ name: "gcr.io/cloud-builders/docker", args: ["build", "-t", image, "."] }],
      images: [image],
      options: { logging: "CLOUD_LOGGING_ONLY" },
    },
  });
  const { id } = (data.metadata as { build: { id: string } }).build;
  for (;;) {
    const { data: build } = await builds.get({ name: `${parent}/builds/${id}` });
    if (build.status === "SUCCESS") return image;
    if (build.status === "FAILURE")
      throw new Error(`The image was not built: ${build.failureInfo?.detail ?? build.statusDetail}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
