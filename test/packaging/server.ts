import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";
import { TOOLS } from "./tools.js";

const TYPES: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

/** What allows threads. */
export const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

const servers: Server[] = [];
const children: ChildProcess[] = [];
afterAll(() => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
  for (const child of children) child.kill("SIGKILL");
});

/** Serves a folder's files as any server of files does; returns its address. What it is asked for is put into `asked`. */
export async function serveFolder(
  folder: string,
  headers: Record<string, string> = {},
  asked: string[] = [],
): Promise<string> {
  const server = createServer(({ url = "/" }, response) => {
    const path = normalize(decodeURIComponent(new URL(url, "http://localhost").pathname));
    if (path === "/favicon.ico") return response.writeHead(204).end(); // browsers ask by themselves, some always
    asked.push(path);
    const file = join(folder, path.endsWith("/") ? `${path}index.html` : path);
    if (!existsSync(file) || !statSync(file).isFile()) return response.writeHead(404, headers).end();
    const type = TYPES[extname(file)] ?? "application/octet-stream";
    return response.writeHead(200, { "Content-Type": type, ...headers }).end(readFileSync(file));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** The program that bundlers run in. */
export const BUNDLERS = fileURLToPath(new URL("bundlers.mjs", import.meta.url));

/** Starts one of the servers of `bundlers.mjs` in a project; returns its address. */
export function serveBy(task: string, project: string): Promise<string> {
  const child = spawn(process.execPath, [BUNDLERS, task, TOOLS], { cwd: project });
  children.push(child);
  let said = "";
  return new Promise((resolve, reject) => {
    child.stderr.on("data", (text) => {
      said += text;
    });
    child.stdout.on("data", (text) => {
      const url = /"url":"([^"]+)"/.exec(String(text))?.[1];
      if (url) resolve(url);
      said += text;
    });
    child.on("exit", (code) => reject(new Error(`${task} ended with ${code}:\n${said}`)));
  });
}
