import { existsSync, readFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { ROOT } from "../process.js";

const TYPES: Record<string, string> = {
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

/** What allows threads: the page shares its process with nobody it does not know. */
const ISOLATION = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

/** A server of the project's files on a port of its own. */
export async function serve(isolated: boolean): Promise<{ server: Server; url: string }> {
  const server = createServer((request, response) => answer(request.url ?? "/", isolated, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

function answer(url: string, isolated: boolean, response: ServerResponse): void {
  const path = normalize(new URL(url, "http://localhost").pathname);
  const headers = isolated ? ISOLATION : {};
  if (path === "/") {
    response.writeHead(200, { "Content-Type": "text/html", ...headers }).end("<!doctype html><title>roformer</title>");
    return;
  }
  const file = join(ROOT, path);
  const type = TYPES[extname(path)];
  if (!/^\/(dist|test)\//.test(path) || !type || !existsSync(file)) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { "Content-Type": type, ...headers });
  response.end(readFileSync(file));
}
