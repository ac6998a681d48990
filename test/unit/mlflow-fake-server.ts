import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What answers the requests of one path. */
export type Handler = (url: URL, response: ServerResponse, request: IncomingMessage) => void;

/** A tracking server of a few answers, which records what it was asked. */
export interface FakeServer {
  uri: string;
  requests: { url: string; authorization: string | undefined }[];
  /** Answers of a path below `/api/2.0`; the others are MLflow's page of HTML for what it does not know. */
  routes: Record<string, Handler | object>;
  close(): Promise<void>;
}

export async function startFakeServer(): Promise<FakeServer> {
  const requests: FakeServer["requests"] = [];
  const routes: FakeServer["routes"] = {};
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://fake");
    requests.push({ url: request.url ?? "", authorization: request.headers.authorization });
    const route = routes[url.pathname.replace("/api/2.0", "")];
    if (typeof route === "function") (route as Handler)(url, response, request);
    else if (route !== undefined) response.end(JSON.stringify(route));
    else response.writeHead(404, { "content-type": "text/html" }).end("<h1>Not Found</h1>");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    routes,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Serves `files`, by their full path, as `mlflow server --serve-artifacts` does. */
export function serveArtifacts(server: FakeServer, files: Record<string, string>): void {
  const route = "/mlflow-artifacts/artifacts";
  server.routes[route] = (url, response) => {
    const directory = `${url.searchParams.get("path")}/`;
    const below = Object.keys(files).flatMap((path) =>
      path.startsWith(directory) ? [path.slice(directory.length)] : [],
    );
    const names = [...new Set(below.map((path) => path.split("/")[0] ?? ""))];
    const listed = names.map((path) => {
      const content = files[directory + path];
      return content === undefined ? { path, is_dir: true } : { path, is_dir: false, file_size: content.length };
    });
    response.end(JSON.stringify(listed.length > 0 ? { files: listed } : {}));
  };
  for (const [path, content] of Object.entries(files)) {
    const encoded = path.split("/").map(encodeURIComponent).join("/");
    server.routes[`${route}/${encoded}`] = (_url, response) => void response.end(content);
  }
}

/** Answers with an error in MLflow's form. */
export function mlflowError(status: number, code: string, message: string): Handler {
  return (_url, response) => void response.writeHead(status).end(JSON.stringify({ error_code: code, message }));
}
