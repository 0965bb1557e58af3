import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AbortError, ConfigError, DataError, type FileSource, type LoadProgress, RoFormer } from "../../ts/index.js";
import { openFiles } from "../../ts/io/files.js";
import { temporaryFolder } from "../process.js";
import { HubServer } from "./hubServer.js";

const model = fileURLToPath(new URL("../golden/storage/safetensors/", import.meta.url));
const inputs = { inputIds: [[1, 2, 3, 4]] };
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const utf8 = (value: string) => new TextEncoder().encode(value);
/** More than what is asked for at once. */
const large = Uint8Array.from({ length: 200_000 }, (_, i) => (i * 7919) >>> 3);

const [hub, store] = [new HubServer(), new HubServer()];
let [endpoint, cache] = ["", ""];
/** Files of the cache by their paths in it. */
const cached = (): string[] =>
  !existsSync(cache)
    ? []
    : readdirSync(cache, { recursive: true, withFileTypes: true })
        .filter((one) => one.isFile())
        .map((one) => join(one.parentPath, one.name).slice(cache.length + 1))
        .sort();
const prefix = () => `hub/${new URL(endpoint).host.replace(":", "_")}/owner--name`;

beforeEach(async () => {
  for (const server of [hub, store]) {
    server.settings = {};
    server.requests.length = 0;
    server.files = new Map(["config.json", "model.safetensors"].map((name) => [name, readFileSync(join(model, name))]));
    server.files.set("large.bin", large);
    server.commit = "1".repeat(40);
  }
  endpoint = await hub.start();
  cache = join(temporaryFolder(), "cache");
  vi.stubEnv("HF_ENDPOINT", endpoint);
  vi.stubEnv("HF_TOKEN", "");
  vi.stubEnv("ROFORMER_CACHE", cache);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const server of [hub, store]) await server.stop();
});

async function sameModel(source: FileSource): Promise<void> {
  const [got, wanted] = [await RoFormer.load(source, { head: "base" }), await RoFormer.load(model, { head: "base" })];
  expect(got.forward(inputs)).toEqual(wanted.forward(inputs));
  got.close();
  wanted.close();
}

describe("a Map of files", () => {
  const urls = () =>
    new Map<string, Blob | string>(
      ["config.json", "model.safetensors"].map((name) => [name, `${endpoint}/owner/name/resolve/main/${name}`]),
    );

  it.each([false, true])("may hold their URLs (noRanges: %s)", async (noRanges) => {
    hub.settings = { noRanges };
    await sameModel(urls());
    expect(await openFiles(urls()).list()).toEqual(["config.json", "model.safetensors"]);
    expect(await openFiles(urls()).has("vocab.txt")).toBe(false);
    expect(hub.requests.some(({ url }) => url.includes("vocab.txt"))).toBe(false);
  });

  it("may hold URLs and contents side by side, also as data: URLs", async () => {
    const config = readFileSync(join(model, "config.json"));
    await sameModel(urls().set("config.json", new Blob([config])));
    await sameModel(urls().set("config.json", `data:application/json;base64,${config.toString("base64")}`));
  });

  it.each([
    ["not a URL", DataError, "not a URL is not a URL"],
    ["https://me:secret@example.org/config.json", ConfigError, "a user name or password, which are not sent"],
    [5, DataError, "config.json: number was given, not a Blob or a URL"],
  ])("is refused with %o in it", async (address, type, message) => {
    const reading = openFiles(new Map([["config.json", address as string]])).read("config.json");
    await expect(reading).rejects.toThrow(message);
    await expect(reading).rejects.toBeInstanceOf(type);
  });

  it("names a file that its URL does not have", async () => {
    const files = openFiles(new Map([["other.json", `${endpoint}/owner/name/resolve/main/other.json`]]));
    await expect(files.read("other.json")).rejects.toThrow("other.json: the server has no such file");
  });
});

describe("the URL of a folder", () => {
  const folder = () => `${endpoint}/owner/name/resolve/main`;

  it.each([false, true])("gives the model, whether the server knows ranges or not (noRanges: %s)", async (noRanges) => {
    hub.settings = { noRanges };
    await sameModel(`${folder()}/`);
  });

  it("is read by ranges: a part of a large file costs a part", async () => {
    const files = openFiles(folder());
    expect([await files.has("large.bin"), await files.size("large.bin")]).toEqual([true, 200_000]);
    expect(await files.readRange("large.bin", 10, 20)).toEqual(large.slice(10, 20));
    expect(hub.requests.length).toBe(1);
    expect(await files.readRange("large.bin", 150_000, 150_010)).toEqual(large.slice(150_000, 150_010));
    expect(await files.readRange("large.bin", 199_990, 2 ** 40)).toEqual(large.slice(199_990));
    expect(hub.requests.map(({ range }) => range)).toEqual([
      "bytes=0-65535",
      "bytes=150000-150009",
      "bytes=199990-199999",
    ]);
    expect(await files.read("large.bin")).toEqual(large);
  });

  it("without ranges is fetched once a file", async () => {
    hub.settings = { noRanges: true };
    const files = openFiles(folder());
    for (const start of [150_000, 10]) {
      expect(await files.readRange("large.bin", start, start + 5)).toEqual(large.slice(start, start + 5));
    }
    expect(hub.requests.length).toBe(1);
  });

  it("has no file where a server answers with its page, as those of single-page applications do", async () => {
    const page = createServer((_, response) => {
      response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" }).end("<!doctype html>");
    });
    await new Promise<void>((resolve) => page.listen(0, "127.0.0.1", resolve));
    const files = openFiles(`http://127.0.0.1:${(page.address() as AddressInfo).port}/model`);
    expect(await files.has("added_tokens.json")).toBe(false);
    await expect(files.read("config.json")).rejects.toThrow("/model/config.json: the server has no such file");
    page.close();
  });

  it("has no files that the server has not, and says so; the query is sent, and not shown", async () => {
    const files = openFiles(`${folder()}?key=secret`);
    expect(await files.has("absent")).toBe(false);
    expect(await files.list()).toBeUndefined();
    await expect(files.read("absent")).rejects.toThrow(`${folder()}/absent: the server has no such file`);
    expect(hub.requests[0]!.url).toBe("/owner/name/resolve/main/absent?key=secret");
    hub.files.delete("model.safetensors");
    await expect(RoFormer.load(folder(), { head: "base" })).rejects.toThrow(
      `${folder()}: there is none of model.safetensors, model.safetensors.index.json, pytorch_model.bin`,
    );
  });

  it("names of which lead out of it stay inside", async () => {
    await openFiles(folder()).has("a b/ü?#%2e");
    expect(hub.requests[0]!.url).toBe("/owner/name/resolve/main/a%20b/%C3%BC%3F%23%252e");
  });

  it("tells of a server's refusal, of none, and of a file that changes meanwhile", async () => {
    const files = openFiles(folder());
    await files.has("large.bin");
    hub.files.set(
      "large.bin",
      large.map((x) => x ^ 1),
    );
    await expect(files.readRange("large.bin", 100_000, 100_001)).rejects.toThrow("was changed while it was read");
    hub.settings = { status: 503 };
    await expect(files.has("config.json")).rejects.toThrow("config.json: the server answered 503");
    hub.settings = { cutAfter: 100 };
    await expect(files.has("model.safetensors")).rejects.toBeInstanceOf(DataError);
    await hub.stop();
    await expect(files.has("config.json")).rejects.toThrow("config.json cannot be reached: ");
  });
});

describe("a model of the hub", () => {
  it("is downloaded once, kept by its commit, and read from there", async () => {
    const events: LoadProgress[] = [];
    (await RoFormer.load("hf:owner/name", { head: "base", onProgress: (event) => events.push(event) })).close();
    const downloads = events.filter(({ stage }) => stage === "download");
    expect(downloads.at(-1)).toEqual({
      stage: "download",
      file: "model.safetensors",
      loaded: hub.files.get("model.safetensors")!.length,
      total: hub.files.get("model.safetensors")!.length,
    });
    expect(events.at(-1)!.stage).toBe("read");
    expect(events.at(-1)!.loaded).toBe(events.at(-1)!.total);
    const at = (name: string) => `${prefix()}/${name}`;
    for (const name of ["config.json", "model.safetensors"]) {
      const kept = readFileSync(join(cache, at(`snapshots/${hub.commit}/${name}`)));
      expect(kept.equals(hub.files.get(name)!)).toBe(true);
    }
    expect(readFileSync(join(cache, at("refs/main")), "utf8")).toBe(hub.commit);
    hub.requests.length = 0;
    await sameModel("hf:owner/name");
    // The revision's commit is asked for; all else is known.
    expect(hub.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      "HEAD /owner/name/resolve/main/config.json",
    ]);
    hub.requests.length = 0;
    await sameModel(`hf:owner/name@${hub.commit}`);
    expect(hub.requests).toEqual([]);
  });

  it("is the new one when its branch has moved on, and whole: one load is of one commit", async () => {
    const first = openFiles("hf:owner/name");
    await first.read("config.json");
    const before = hub.commit;
    hub.commit = "2".repeat(40);
    hub.files.set("config.json", utf8("{}"));
    await expect(first.read("large.bin")).rejects.toThrow('has no revision "1111');
    expect(text(await openFiles("hf:owner/name").read("config.json"))).toBe("{}");
    expect(cached()).toContain(`${prefix()}/snapshots/${before}/config.json`);
  });

  it("is there without a network, as it was last seen, and what was never seen is not", async () => {
    (await RoFormer.load("hf:owner/name", { head: "base" })).close();
    for (const status of [503, undefined]) {
      if (status) hub.settings = { status };
      else await hub.stop();
      await sameModel("hf:owner/name");
      const files = openFiles("hf:owner/name");
      await expect(files.read("large.bin")).rejects.toThrow(
        /and large\.bin is not in .*cache: connect, or give a folder/,
      );
      await expect(openFiles("hf:owner/other").has("a")).rejects.toBeInstanceOf(DataError);
    }
  });

  it("sends the token to the hub, and to nobody else", async () => {
    hub.settings = { token: "secret", store: await store.start() };
    const load = () => openFiles("hf:owner/name").read("model.safetensors");
    await expect(load()).rejects.toThrow("answered 401: there is no such model, or it is private: set HF_TOKEN");
    vi.stubEnv("HF_TOKEN", "wrong");
    await expect(load()).rejects.toThrow("answered 401: HF_TOKEN is not valid there");
    vi.stubEnv("HF_TOKEN", "secret");
    expect(await load()).toEqual(new Uint8Array(hub.files.get("model.safetensors")!));
    expect(store.requests.map(({ method }) => method)).toEqual(["GET"]);
    expect(store.requests.every(({ authorization }) => authorization === undefined)).toBe(true);
  });

  it("that cannot be had is refused with what to do", async () => {
    const refused = async (source: string, message: string) => {
      const asked = openFiles(source).has("config.json");
      await expect(asked).rejects.toThrow(message);
      await expect(asked).rejects.toMatchObject({ name: "DataError" });
    };
    await refused("hf:owner/other", "there is no such model; is the name spelled right?");
    await refused("hf:owner/name@v9", 'the model has no revision "v9"');
    hub.settings = { status: 403 };
    await refused("hf:owner/name", `the conditions on ${endpoint}/owner/name have not been accepted`);
    for (const source of ["hf:../name", "hf:a/b/c", "hf:owner/name@../x", "hf:", "hf:owner/name@"]) {
      expect(() => openFiles(source)).toThrow(ConfigError);
    }
  });

  it("that comes in part leaves nothing behind", async () => {
    hub.settings = { cutAfter: 70_000 };
    await expect(openFiles("hf:owner/name").read("large.bin")).rejects.toBeInstanceOf(DataError);
    expect(cached()).toEqual([`${prefix()}/refs/main`]);
    hub.settings = {};
    expect(await openFiles("hf:owner/name").read("large.bin")).toEqual(large);
  });

  it("that is no longer wanted is an AbortError, and leaves nothing behind", async () => {
    hub.files.set("large.bin", new Uint8Array(50_000_000));
    const controller = new AbortController();
    const files = openFiles("hf:owner/name", { signal: controller.signal, onProgress: () => controller.abort() });
    await expect(files.read("large.bin")).rejects.toBeInstanceOf(AbortError);
    expect(cached()).toEqual([`${prefix()}/refs/main`]);
    await expect(RoFormer.load("hf:owner/name", { signal: controller.signal })).rejects.toBeInstanceOf(AbortError);
  });

  it("redirects to what is no server are not followed", async () => {
    hub.settings = { store: "file://" };
    await expect(openFiles("hf:owner/name").has("model.safetensors")).rejects.toThrow('redirects to "file:///store');
  });

  it("of a server that names no commit is kept by the file's own version", async () => {
    hub.settings = { noCommit: true };
    hub.files.set("a", utf8("one"));
    expect(text(await openFiles("hf:owner/name").read("a"))).toBe("one");
    hub.files.set("a", utf8("two"));
    expect(text(await openFiles("hf:owner/name").read("a"))).toBe("two");
    expect(await openFiles("hf:owner/name").has("b")).toBe(false);
    await hub.stop();
    expect(text(await openFiles("hf:owner/name").read("a"))).toBe("two");
    expect(await openFiles("hf:owner/name").has("b")).toBe(false);
    await hub.start();
  });

  it("is not kept where Git LFS left a pointer", async () => {
    hub.files.set("model.safetensors", utf8("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"));
    await expect(openFiles("hf:owner/name").read("model.safetensors")).rejects.toThrow(/Git LFS pointer/);
    expect(cached().filter((name) => name.includes("snapshots"))).toEqual([]);
  });
});

describe("a folder that a page's user chose", () => {
  /** Chrome's handles, as far as they are used, over a folder of this machine. */
  function handle(path: string, name = "chosen"): FileSystemDirectoryHandle {
    const entry = (one: string, kind: "file" | "directory") => {
      const found = readdirSync(path, { withFileTypes: true }).find((each) => each.name === one);
      if (!found) throw new DOMException("not found", "NotFoundError");
      if (found.isDirectory() !== (kind === "directory")) throw new DOMException("other kind", "TypeMismatchError");
      return join(path, one);
    };
    return {
      name,
      kind: "directory",
      getDirectoryHandle: async (one: string) => handle(entry(one, "directory"), one),
      getFileHandle: async (one: string) => {
        const file = entry(one, "file");
        return { getFile: async () => new File([readFileSync(file)], one) };
      },
      async *keys() {
        yield* readdirSync(path);
      },
    } as unknown as FileSystemDirectoryHandle;
  }

  it("gives the model, and files in folders", async () => {
    const loaded = await RoFormer.load(handle(model), { head: "base" });
    loaded.close();
    const folder = temporaryFolder();
    mkdirSync(join(folder, "sub"));
    writeFileSync(join(folder, "sub/a"), "0123");
    const files = openFiles(handle(folder));
    expect([
      await files.has("sub/a"),
      await files.has("sub"),
      await files.has("sub/b"),
      await files.has("x/a"),
    ]).toEqual([...[true, false, false, false]]);
    expect([text(await files.readRange("sub/a", 1, 3)), await files.size("sub/a"), await files.list()]).toEqual([
      ...["12", 4, ["sub"]],
    ]);
    await expect(files.read("b")).rejects.toThrow("chosen/b: no such file");
  });
});

it("nothing is fetched that nobody asked for", async () => {
  const fetching = vi.spyOn(globalThis, "fetch").mockRejectedValue(new Error("no network in this test"));
  await sameModel(model);
  openFiles("hf:owner/name");
  openFiles(`${endpoint}/owner/name`);
  expect(fetching).not.toHaveBeenCalled();
  expect(cached()).toEqual([]);
  fetching.mockRestore();
});

it("a load that is aborted between two weights ends there", async () => {
  const controller = new AbortController();
  const onProgress = ({ loaded, total }: LoadProgress) => loaded > total! / 2 && controller.abort();
  await expect(RoFormer.load(model, { head: "base", signal: controller.signal, onProgress })).rejects.toBeInstanceOf(
    AbortError,
  );
});
