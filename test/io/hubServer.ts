import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** How a {@link HubServer} behaves. */
export interface HubSettings {
  /** Only requests with it are answered. */
  token?: string;
  /** Large files are redirected there: a store of another origin, as the hub's is. */
  store?: string;
  /** Ends every answer after so many bytes of its body, without its end. */
  cutAfter?: number;
  /** Answers with this status alone. */
  status?: number;
  /** Says no commit: no hub, but something with its URLs. */
  noCommit?: boolean;
  /** Ranges are not known. */
  noRanges?: boolean;
  /** Answers a request for a file that there is by itself; false: as usual. `headers` are those that it would have. */
  answer?: (asked: HubRequest, response: ServerResponse) => boolean;
}

/** A request for a file that there is. */
export interface HubRequest {
  readonly method: string;
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly headers: Record<string, string>;
}

/** A server with the hub's URLs and headers, of one model, on a port of its own. */
export class HubServer {
  readonly requests: { method: string; url: string; authorization: string | undefined; range: string | undefined }[] =
    [];
  files = new Map<string, Uint8Array>();
  commit = "1".repeat(40);
  settings: HubSettings = {};
  readonly #server: Server = createServer((request, response) => this.#answer(request, response));

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { method = "", url = "", headers } = request;
    const { authorization, range } = headers;
    this.requests.push({ method, url, authorization, range });
    const { token, status } = this.settings;
    if (status !== undefined) return void response.writeHead(status).end();
    if (token !== undefined && authorization !== `Bearer ${token}`) return void response.writeHead(401).end();
    const [, model, revision, file] = /^\/(?:store\/)?(owner\/name)\/resolve\/([^/]+)\/(.*)$/.exec(url) ?? [];
    const named: Record<string, string> = this.settings.noCommit ? {} : { "X-Repo-Commit": this.commit };
    if (model === undefined) return void response.writeHead(404, { "X-Error-Code": "RepoNotFound" }).end();
    if (!["main", this.commit].includes(revision!))
      return void response.writeHead(404, { "X-Error-Code": "RevisionNotFound" }).end();
    const bytes = this.files.get(file!);
    if (bytes === undefined) return void response.writeHead(404, { ...named, "X-Error-Code": "EntryNotFound" }).end();
    if (this.settings.answer?.({ method, file: file!, bytes, headers: named }, response)) return;
    const isStore = url.startsWith("/store/");
    if (this.settings.store && !isStore && file!.endsWith(".safetensors")) {
      const location = `${this.settings.store}/store${url}`;
      return void response.writeHead(302, { ...named, Location: location, "X-Linked-Size": bytes.length }).end();
    }
    this.#send(bytes, isStore ? {} : named, { method, range }, response);
  }

  #send(
    bytes: Uint8Array,
    headers: Record<string, string>,
    { method, range }: { method: string; range: string | undefined },
    response: ServerResponse,
  ): void {
    const etag = `"${createHash("sha256").update(bytes).digest("hex")}"`;
    const [, from, to] = (!this.settings.noRanges && /^bytes=(\d+)-(\d+)$/.exec(range ?? "")) || [];
    const [start, end] =
      from === undefined ? [0, bytes.length] : [Number(from), Math.min(bytes.length, Number(to) + 1)];
    const part = bytes.subarray(start, end);
    const lengths: Record<string, string> = { ETag: etag, "Content-Length": String(part.length) };
    if (from !== undefined) lengths["Content-Range"] = `bytes ${start}-${end - 1}/${bytes.length}`;
    response.writeHead(from === undefined ? 200 : 206, { ...headers, ...lengths });
    if (method === "HEAD") return void response.end();
    const { cutAfter } = this.settings;
    if (cutAfter === undefined || cutAfter >= part.length) return void response.end(part);
    response.write(part.subarray(0, cutAfter), () => response.destroy());
  }
}
