import type { Downloads, KeptFile } from "./platform.js";

/** Downloaded files in the Cache API, under the name `roformer`; in memory where a page has none (not over https). */
export function cachedDownloads(): Downloads {
  if (typeof caches === "undefined") return blobDownloads;
  // A cache's keys are URLs; these lead nowhere.
  const url = (key: string) => `https://roformer.invalid/${key.split("/").map(encodeURIComponent).join("/")}`;
  return {
    name: "the browser's cache",
    async find(key) {
      const found = await (await caches.open("roformer")).match(url(key));
      return found && keptBlob(await found.blob());
    },
    async keep(key, content) {
      await (await caches.open("roformer")).put(url(key), new Response(streamOf(content)));
    },
  };
}

const memory = new Map<string, Blob>();
const blobDownloads: Downloads = {
  name: "this page's memory",
  async find(key) {
    const found = memory.get(key);
    return found && keptBlob(found);
  },
  async keep(key, content) {
    memory.set(key, await new Response(streamOf(content)).blob());
  },
};

const keptBlob = (blob: Blob): KeptFile => ({
  size: blob.size,
  readRange: async (start, end) => new Uint8Array(await blob.slice(start, end).arrayBuffer()),
});

/** Pieces as a stream that asks for one after another. */
function streamOf(content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): ReadableStream<Uint8Array<ArrayBuffer>> {
  const pieces = Symbol.asyncIterator in content ? content[Symbol.asyncIterator]() : content[Symbol.iterator]();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(value as Uint8Array<ArrayBuffer>);
    },
    cancel: async () => void (await pieces.return?.()),
  });
}
