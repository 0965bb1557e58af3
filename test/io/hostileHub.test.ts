import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AbortError, ConfigError, DataError } from "../../ts/index.js";
import { openFiles } from "../../ts/io/files.js";
import { temporaryFolder } from "../process.js";
import { type HubRequest, HubServer, type HubSettings } from "./hubServer.js";

const content = Uint8Array.from({ length: 5000 }, (_, i) => 97 + (i % 26));
const other = content.map((x) => x ^ 1);
const hub = new HubServer();
let [endpoint, cache] = ["", ""];
const SOURCE = "hf:owner/name";
const read = (file = "a.bin") => openFiles(SOURCE).read(file);
const prefix = () => join(cache, `hub/${new URL(endpoint).host.replace(":", "_")}/owner--name`);
const place = (kind: string, file = "a.bin") => join(prefix(), kind, hub.commit, file);
const hex = (algorithm: string, ...parts: (string | Uint8Array)[]) => {
  const hash = createHash(algorithm);
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
};

beforeEach(async () => {
  hub.settings = {};
  hub.requests.length = 0;
  hub.files = new Map([["a.bin", content]]);
  endpoint = await hub.start();
  cache = join(temporaryFolder(), "cache");
  vi.stubEnv("HF_ENDPOINT", endpoint);
  vi.stubEnv("HF_TOKEN", "");
  vi.stubEnv("ROFORMER_CACHE", cache);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await hub.stop();
});

/** Sends bytes over the connection as they are. */
const raw = (response: ServerResponse, head: string, body: Uint8Array) => {
  response.socket!.write(`${head}\r\n\r\n`);
  response.socket!.end(body);
};
/** A server that behaves until a file's bytes are asked for. */
const onGet =
  (answer: (asked: HubRequest, response: ServerResponse) => void): HubSettings["answer"] =>
  (asked, response) => {
    if (asked.method !== "GET") return false;
    answer(asked, response);
    return true;
  };
const half = content.subarray(0, 2500);
const longer = Uint8Array.from([...content, ...content]);
const whole = (response: ServerResponse, headers: Record<string, string | number>, bytes: Uint8Array) =>
  response.writeHead(200, headers).end(bytes);

describe("what a hub sends is not kept where", () => {
  const cases: [string, HubSettings["answer"], RegExp][] = [
    [
      "it ends early and has no length",
      onGet((_, response) => raw(response, "HTTP/1.1 200 OK\r\nConnection: close", half)),
      /sent 2500 bytes of 5000/,
    ],
    [
      "it goes on and has no length",
      onGet((_, response) => raw(response, "HTTP/1.1 200 OK\r\nConnection: close", longer)),
      /sends more than 5000 bytes/,
    ],
    [
      "its length is not the one announced",
      onGet(({ headers }, response) => whole(response, { ...headers, "Content-Length": 2500 }, half)),
      /changed while it was read/,
    ],
    [
      "the connection breaks",
      onGet((_, response) => raw(response, "HTTP/1.1 200 OK\r\nContent-Length: 5000", half)),
      /cannot be reached/,
    ],
    [
      "it is a part that nobody asked for",
      onGet((_, response) => response.writeHead(206, { "Content-Range": "bytes 0-4999/5000" }).end(content)),
      /answered 206/,
    ],
    ["it is of another status", onGet((_, response) => response.writeHead(203).end(content)), /answered 203/],
    [
      "it is compressed, and another file",
      onGet(({ headers }, response) => whole(response, { ...headers, "Content-Encoding": "gzip" }, gzipSync(longer))),
      /sends more than 5000 bytes/,
    ],
    [
      "it is of another commit",
      onGet((_, response) => whole(response, { "X-Repo-Commit": "2".repeat(40), "Content-Length": 5000 }, content)),
      /changed while it was read/,
    ],
    [
      "it is a network's page",
      (_, response) => {
        whole(response, { "Content-Type": "text/html", "X-Repo-Commit": hub.commit }, content);
        return true;
      },
      /answered with a web page/,
    ],
    [
      "its SHA-256 is another one",
      ({ method, headers }, response) => {
        const linked = {
          "X-Linked-Etag": `"${hex("sha256", content)}"`,
          "X-Linked-Size": 5000,
          "Content-Length": 5000,
        };
        whole(response, { ...headers, ...linked }, method === "GET" ? other : new Uint8Array(0));
        return true;
      },
      /its SHA-256 is [0-9a-f]{64}, not [0-9a-f]{64} as announced/,
    ],
    [
      "its blob in git is another one",
      ({ method, headers }, response) => {
        const etag = { ETag: `"${hex("sha1", "blob 5000\0", content)}"`, "Content-Length": 5000 };
        whole(response, { ...headers, ...etag }, method === "GET" ? other : new Uint8Array(0));
        return true;
      },
      /its SHA-1 is/,
    ],
  ];

  it.each(cases)("%s, and the next load is right", async (_, answer, message) => {
    hub.settings = { answer };
    const error = await read().catch((error: unknown) => error);
    expect(error).toBeInstanceOf(DataError);
    expect((error as Error).message).toMatch(message);
    expect(existsSync(place("snapshots"))).toBe(false);
    const left = existsSync(cache) ? readdirSync(cache, { recursive: true }) : [];
    expect(left.filter((name) => String(name).endsWith(".tmp"))).toEqual([]);
    hub.settings = {};
    expect(await read()).toEqual(content);
  });
});

describe("what a hub sends is kept where", () => {
  it.each<[string, HubSettings["answer"]]>([
    [
      "its SHA-256 is the one announced",
      ({ method, headers }, response) => {
        const linked = { "X-Linked-Etag": `"${hex("sha256", content)}"`, "Content-Length": 5000 };
        whole(response, { ...headers, ...linked }, method === "GET" ? content : new Uint8Array(0));
        return true;
      },
    ],
    [
      "its blob in git is the one named",
      ({ method, headers }, response) => {
        const etag = { ETag: `W/"${hex("sha1", "blob 5000\0", content)}"`, "Content-Length": 5000 };
        whole(response, { ...headers, ...etag }, method === "GET" ? content : new Uint8Array(0));
        return true;
      },
    ],
    [
      "it is compressed on its way, against the wish",
      onGet(({ headers }, response) => {
        const zipped = gzipSync(content);
        whole(response, { ...headers, "Content-Encoding": "gzip", "Content-Length": zipped.length }, zipped);
      }),
    ],
    [
      "its length is never said",
      ({ method, headers }, response) => {
        response.writeHead(200, headers);
        if (method === "GET") response.write(content);
        response.end();
        return true;
      },
    ],
    [
      "HEAD is answered with the length 0",
      ({ method, headers }, response) => {
        if (method === "GET") return false;
        response.writeHead(200, { ...headers, "Content-Length": 0 }).end();
        return true;
      },
    ],
  ])("%s", async (_, answer) => {
    hub.settings = { answer };
    expect(await read()).toEqual(content);
    expect(readFileSync(place("snapshots")).equals(content)).toBe(true);
  });
});

describe("a file that was kept", () => {
  const keepPoison = (bytes: Uint8Array) => {
    mkdirSync(dirname(place("snapshots")), { recursive: true });
    writeFileSync(place("snapshots"), bytes);
  };

  it.each([SOURCE, `${SOURCE}@${"1".repeat(40)}`])("in another size is fetched again, of %s", async (source) => {
    keepPoison(half);
    expect(await openFiles(source).read("a.bin")).toEqual(content);
    // Shortened later, as by a disk that was full: no request is needed to see it.
    writeFileSync(place("snapshots"), longer);
    expect(await openFiles(source).read("a.bin")).toEqual(content);
    hub.requests.length = 0;
    await openFiles(source).read("a.bin");
    expect(hub.requests.filter(({ method }) => method === "GET")).toEqual([]);
  });

  it("is used as it is where the hub cannot be asked and nothing is known of its size", async () => {
    keepPoison(content);
    hub.settings = { status: 503 };
    expect(await openFiles(`${SOURCE}@${hub.commit}`).read("a.bin")).toEqual(content);
    mkdirSync(dirname(place("sizes")), { recursive: true });
    writeFileSync(place("sizes"), "4999");
    await expect(openFiles(`${SOURCE}@${hub.commit}`).read("a.bin")).rejects.toMatchObject({ reason: "network" });
  });

  it("not to exist counts for good only if the hub says so itself", async () => {
    expect(await openFiles(SOURCE).has("b")).toBe(false);
    hub.files.set("b", content);
    expect(await openFiles(`${SOURCE}@${hub.commit}`).has("b")).toBe(false); // a commit does not change
    hub.files.set("c", content);
    hub.settings = {
      answer: (_, response) => {
        response.writeHead(404, { "X-Repo-Commit": hub.commit }).end();
        return true;
      },
    };
    expect(await openFiles(SOURCE).has("c")).toBe(false);
    hub.settings = { status: 503 };
    expect(await openFiles(SOURCE).has("c")).toBe(false);
    hub.settings = {};
    expect(await openFiles(SOURCE).has("c")).toBe(true);
  });

  it("by two at once is whole", async () => {
    const both = await Promise.all([read(), read(), read()]);
    for (const bytes of both) expect(bytes).toEqual(content);
    expect(readFileSync(place("snapshots")).equals(content)).toBe(true);
  });
});

it("leftovers of processes that are gone are removed, and those of others stay", async () => {
  const gone = 2 ** 22 + 1; // more than Linux gives
  const machine = hostname()
    .replace(/[^\w-]/g, "_")
    .slice(0, 40);
  const names = {
    gone: [
      `.a.bin.${machine}.${gone}-abc.tmp`,
      `.model.safetensors.${gone}-abc.tmp`,
      `.config.json.elsewhere.${gone}-old.tmp`,
    ],
    stay: [`.a.bin.${machine}.${process.pid}-abc.tmp`, `.config.json.elsewhere.${gone}-new.tmp`, "model.tmp"],
  };
  const folder = dirname(place("snapshots"));
  mkdirSync(folder, { recursive: true });
  for (const name of [...names.gone, ...names.stay]) writeFileSync(join(folder, name), "x");
  const longAgo = new Date(Date.now() - 3 * 24 * 3600 * 1000);
  utimesSync(join(folder, names.gone[2]!), longAgo, longAgo);
  await read();
  expect(readdirSync(folder).sort()).toEqual(["a.bin", ...names.stay].sort());
});

describe("a server that is silent", () => {
  const silent: [string, HubSettings["answer"]][] = [
    ["before its answer", () => true],
    [
      "within its answer",
      onGet(({ headers }, response) => {
        response.writeHead(200, { ...headers, "Content-Length": 5000 });
        response.write(half);
      }),
    ],
  ];

  it.each(silent)("%s is given up after the time set", async (_, answer) => {
    hub.settings = { answer };
    for (const source of [SOURCE, `${endpoint}/owner/name/resolve/main`]) {
      const error = await openFiles(source, { timeout: 150 })
        .read("a.bin")
        .catch((error: unknown) => error);
      expect(error).toMatchObject({ name: "DataError", reason: "timeout" });
      expect((error as Error).message).toContain("the server was silent for 0.15 s");
    }
    vi.stubEnv("ROFORMER_TIMEOUT", "0.1");
    await expect(read()).rejects.toThrow("the server was silent for 0.1 s");
  });

  it.each(silent)("%s ends with an abort as such", async (_, answer) => {
    hub.settings = { answer };
    for (const source of [SOURCE, `${endpoint}/owner/name/resolve/main`]) {
      const signal = AbortSignal.timeout(100);
      await expect(openFiles(source, { signal }).read("a.bin")).rejects.toBeInstanceOf(AbortError);
    }
  });

  it("but slow is waited for", async () => {
    hub.settings = {
      answer: onGet(({ headers }, response) => {
        response.writeHead(200, { ...headers, "Content-Length": 5000 });
        for (let i = 0; i < 5; i++)
          setTimeout(
            () => response.write(content.subarray(1000 * i, 1000 * (i + 1)), () => i === 4 && response.end()),
            120 * i,
          );
      }),
    };
    expect(await openFiles(SOURCE, { timeout: 400 }).read("a.bin")).toEqual(content);
  });

  it("is not waited for a time that is not one", async () => {
    for (const timeout of [0, -1, Number.NaN, "1" as never])
      expect(() => openFiles(`${endpoint}/x`, { timeout })).toThrow(ConfigError);
    vi.stubEnv("ROFORMER_TIMEOUT", "soon");
    await expect(read()).rejects.toThrow('ROFORMER_TIMEOUT is "soon", not a positive number of seconds');
  });
});

describe("the URL of a folder", () => {
  const folder = () => `${endpoint}/owner/name/resolve/main`;
  const answers: [string, HubSettings["answer"], RegExp][] = [
    [
      "ends early",
      (_, response) => raw(response, "HTTP/1.1 200 OK\r\nContent-Length: 5000", half) ?? true,
      /cannot be reached/,
    ],
    [
      "announces another part",
      (_, response) => {
        response.writeHead(206, { "Content-Range": "bytes 0-9/5000" }).end(content.subarray(0, 10));
        return true;
      },
      /answered 206/,
    ],
    [
      "sends less than its range",
      (_, response) => {
        response.writeHead(206, { "Content-Range": "bytes 0-4999/5000" }).end(half);
        return true;
      },
      /sent 2500 bytes of 5000/,
    ],
    [
      "sends more than its range",
      (_, response) => {
        response.writeHead(206, { "Content-Range": "bytes 0-4999/5000" }).end(longer);
        return true;
      },
      /sends more than 5000 bytes/,
    ],
    ["answers with another status", (_, response) => !!response.writeHead(203).end(content), /answered 203/],
  ];

  it.each(answers)("is refused where the server %s", async (_, answer, message) => {
    hub.settings = { answer };
    const error = await openFiles(folder())
      .read("a.bin")
      .catch((error: unknown) => error);
    expect(error).toMatchObject({ name: "DataError" });
    expect((error as Error).message).toMatch(message);
  });

  it("tells how far a file is", async () => {
    const events: unknown[] = [];
    await openFiles(folder(), { onProgress: (event) => events.push(event) }).read("a.bin");
    expect(events.at(-1)).toEqual({ stage: "download", file: "a.bin", loaded: 5000, total: 5000 });
  });
});
