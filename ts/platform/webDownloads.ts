import type { Downloads, KeptFile } from "./platform.js";

/** The cache of downloads in the Cache API, under the name `roformer`; in memory if a page has none (not over https). */
export function cachedDownloads(): Downloads {
  if (typeof caches === "undefined") return blobDownloads;
  // A cache's keys are URLs; these do not exist.
  const url = (key: string) => `${ROOT}${key.split("/").map(encodeURIComponent).join("/")}`;
  return {
    name: "the browser's cache",
    async find(key) {
      const found = await (await caches.open("roformer")).match(url(key));
      return found && keptBlob(await found.blob());
    },
    async keep(key, content) {
      const cache = await caches.open("roformer");
      await whole(content, (stream) => cache.put(url(key), new Response(stream)));
    },
    async list(folder) {
      const keys = (await (await caches.open("roformer")).keys()).map((request) => keyOf(request.url));
      return keys.filter((key) => key.startsWith(`${folder}/`)).sort();
    },
    async remove(key) {
      await (await caches.open("roformer")).delete(url(key));
    },
    temporary,
  };
}

const ROOT = "https://roformer.invalid/";

const keyOf = (url: string): string => url.slice(ROOT.length).split("/").map(decodeURIComponent).join("/");

const temporary = (): string => `spool-${Math.random().toString(36).slice(2)}.tmp`;

const memory = new Map<string, Blob>();
const blobDownloads: Downloads = {
  name: "this page's memory",
  async find(key) {
    const found = memory.get(key);
    return found && keptBlob(found);
  },
  async keep(key, content) {
    memory.set(key, await whole(content, (stream) => new Response(stream).blob()));
  },
  list: async (folder) => [...memory.keys()].filter((key) => key.startsWith(`${folder}/`)).sort(),
  remove: async (key) => void memory.delete(key),
  temporary,
};

const keptBlob = (blob: Blob): KeptFile => ({
  size: blob.size,
  readRange: async (start, end) => new Uint8Array(await blob.slice(start, end).arrayBuffer()),
});

type Pieces = Parameters<Downloads["keep"]>[1];

/** Passes pieces to `take` as a stream. Rethrows their own error: a browser may report only that the stream failed. */
async function whole<T>(content: Pieces, take: (stream: ReadableStream) => Promise<T>): Promise<T> {
  let failure: unknown;
  const stream = streamOf(content, (error) => {
    failure = error;
  });
  try {
    return await take(stream);
  } catch (error) {
    throw failure ?? error;
  }
}

/** Pieces as a stream that pulls one after another. */
function streamOf(content: Pieces, failed: (error: unknown) => void): ReadableStream<Uint8Array<ArrayBuffer>> {
  const pieces = Symbol.asyncIterator in content ? content[Symbol.asyncIterator]() : content[Symbol.iterator]();
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await pieces.next();
        if (done) controller.close();
        else controller.enqueue(value as Uint8Array<ArrayBuffer>);
      } catch (error) {
        failed(error);
        throw error;
      }
    },
    cancel: async () => void (await pieces.return?.()),
  });
}
