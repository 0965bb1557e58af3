import { existsSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll } from "vitest";

const TYPES: Record<string, string> = { ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript" };

/** What allows threads. */
export const ISOLATION: Readonly<Record<string, string>> = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** What a server has. */
export interface Site {
  /** Its own pages and scripts, by path. */
  readonly pages?: Readonly<Record<string, string>>;
  /** Folders, by the path they are at. */
  readonly folders?: Readonly<Record<string, string>>;
  /** Headers of an answer. */
  readonly headers?: (path: string) => Readonly<Record<string, string>>;
  /** What is answered where there is nothing, instead of 404. */
  readonly otherwise?: string;
}

const ended: (() => unknown)[] = [];
afterAll(async () => {
  for (const end of ended.splice(0)) await end();
});

/** A server on a port of its own, until the file's tests are over; gives its URL. */
export async function serve({ pages = {}, folders = {}, headers = () => ISOLATION, otherwise }: Site): Promise<string> {
  const find = (path: string): string | Buffer | undefined => {
    if (path in pages) return pages[path];
    for (const [prefix, folder] of Object.entries(folders)) {
      const file = join(folder, path.slice(prefix.length));
      if (path.startsWith(prefix) && existsSync(file) && statSync(file).isFile()) return readFileSync(file);
    }
    return otherwise;
  };
  const server = createServer((request, response) => {
    const asked = normalize(decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname));
    const path = asked.endsWith("/") ? `${asked}index.html` : asked;
    const content = find(path);
    const type = TYPES[content === otherwise ? ".html" : extname(path)] ?? "application/octet-stream";
    response.writeHead(content === undefined ? 404 : 200, { "Content-Type": type, ...headers(path) }).end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ended.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** A page, and what it complained of. */
export interface Opened {
  readonly page: Page;
  readonly complaints: string[];
}

/** Opens a page in a context of its own. */
export async function open(browser: Browser, url: string): Promise<Opened> {
  const context = await browser.newContext();
  ended.push(() => context.close());
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", ({ message }) => complaints.push(message));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  await page.goto(url);
  return { page, complaints };
}

/** What the page has written into its `<output>`, when it has. */
export async function outputOf({ page, complaints }: Opened, within = 40_000): Promise<string> {
  try {
    // By selectors: a page's policy may forbid what evaluates text.
    await page.waitForSelector("output:not(:empty)", { timeout: within });
    return (await page.textContent("output")) ?? "";
  } catch (error) {
    throw new Error(`the page wrote nothing (${(error as Error).message}); it complained of: ${complaints.join("; ")}`);
  }
}
