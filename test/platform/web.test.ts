import { afterEach, expect, test, vi } from "vitest";

/** A process as bundlers' stand-ins have it. */
const noNode = Object.create(process, { getBuiltinModule: { value: undefined } }) as typeof process;

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

test("where there is no Node, files given as blobs are read, and paths are refused in words", async () => {
  vi.resetModules();
  vi.stubGlobal("process", noNode);
  const { platform } = await import("../../ts/platform/index.js");
  const { openFiles } = await import("../../ts/io/files.js");
  expect([platform.isNode, platform.peakMemory()]).toEqual([false, undefined]);
  const file = new URL("http://x/a.wasm");
  expect(() => platform.readPackageFileSync(file)).toThrow(
    "cannot be read synchronously here: call `await init()` first",
  );
  expect(platform.now()).toBeGreaterThan(0);
  expect(await openFiles(new Map([["a", new Blob(["xyz"])]])).readRange("a", 1, 2)).toEqual(Uint8Array.of(121));
  await expect(openFiles("./model").read("a")).rejects.toThrow(
    "./model/a: browsers cannot read paths; give a Map of Blobs or a URL",
  );
});

test("a URL is fetched, and a server's refusal is told", async () => {
  vi.resetModules();
  vi.stubGlobal("process", noNode);
  vi.stubGlobal("fetch", async (url: URL) =>
    url.pathname === "/a" ? new Response("xyz") : new Response("", { status: 404, statusText: "Not Found" }),
  );
  const { platform } = await import("../../ts/platform/index.js");
  expect(new TextDecoder().decode(await platform.readPackageFile(new URL("http://x/a")))).toBe("xyz");
  await expect(platform.readPackageFile(new URL("http://x/b"))).rejects.toThrow(
    "http://x/b: the server answered 404 Not Found",
  );
});

test.each(["the Cache API", "memory"])("downloads are kept by %s, whole or not at all", async (where) => {
  vi.resetModules();
  vi.stubGlobal("process", noNode);
  const held = new Map<string, Blob>();
  const match = async (url: string) => (held.has(url) ? new Response(held.get(url)!) : undefined);
  const put = async (url: string, response: Response) => void held.set(url, await response.blob());
  vi.stubGlobal("caches", where === "memory" ? undefined : { open: async () => ({ match, put }) });
  const { platform } = await import("../../ts/platform/index.js");
  const downloads = platform.downloads();
  const pieces = async function* (fails: boolean) {
    yield Uint8Array.of(1, 2, 3);
    if (fails) throw new Error("cut off");
    yield Uint8Array.of(4, 5);
  };
  expect(await downloads.find("hub/a b")).toBeUndefined();
  await expect(downloads.keep("hub/a b", pieces(true))).rejects.toThrow("cut off");
  expect(await downloads.find("hub/a b")).toBeUndefined();
  await downloads.keep("hub/a b", pieces(false));
  const kept = (await downloads.find("hub/a b"))!;
  expect([kept.size, await kept.readRange(2, 4)]).toEqual([5, Uint8Array.of(3, 4)]);
  await downloads.keep("hub/none", []);
  expect((await downloads.find("hub/none"))!.size).toBe(0);
});
