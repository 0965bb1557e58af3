import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CheckpointError } from "../../ts/errors.js";
import { checkFolder, isInside, openFiles, saveFile, saveFolder } from "../../ts/io/files.js";
import { platform } from "../../ts/platform/index.js";

let home = "";
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "folders-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** Every file below a folder, with what it holds. */
function tree(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [path.slice(folder.length + 1).replaceAll("\\", "/"), readFileSync(path, "utf8")];
    }),
  );
}

const text = (value: string) => new TextEncoder().encode(value);

async function* failing() {
  yield text("the first half");
  throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
}

test("a folder is written with its subfolders, from text, bytes and pieces", async () => {
  const pieces = (function* () {
    yield text("a");
    yield text("b");
  })();
  await saveFolder(
    join(home, "new/model"),
    new Map<string, string | Uint8Array | Iterable<Uint8Array>>([
      ["config.json", "{é}"],
      ["w", pieces],
      ["checkpoints/step-1/m", text("x")],
    ]),
  );
  expect(tree(home)).toEqual({
    "new/model/config.json": "{é}",
    "new/model/w": "ab",
    "new/model/checkpoints/step-1/m": "x",
  });
});

test("an existing folder is replaced; what it holds under other names stays, in subfolders too", async () => {
  const before = { config: "1", "log.jsonl": "log", "checkpoints/step-1/m": "one", "checkpoints/step-2/m": "two" };
  for (const [name, value] of Object.entries(before)) {
    mkdirSync(join(home, "model", name, ".."), { recursive: true });
    writeFileSync(join(home, "model", name), value);
  }
  await saveFolder(
    join(home, "model"),
    new Map([
      ["config", "2"],
      ["checkpoints/step-2/m", "TWO"],
    ]),
  );
  expect(tree(join(home, "model"))).toEqual({ ...before, config: "2", "checkpoints/step-2/m": "TWO" });
  expect(readdirSync(home)).toEqual(["model"]);
});

test("a name with null is not there afterwards, and back if the saving fails", async () => {
  await saveFolder(
    join(home, "model"),
    new Map([
      ["vocab.txt", "old"],
      ["x", "1"],
    ]),
  );
  const broken = new Map<string, null | AsyncIterable<Uint8Array>>([
    ["vocab.txt", null],
    ["y", failing()],
  ]);
  await expect(saveFolder(join(home, "model"), broken)).rejects.toThrow("disk is full");
  expect(tree(home)).toEqual({ "model/vocab.txt": "old", "model/x": "1" });
  await saveFolder(
    join(home, "model"),
    new Map([
      ["vocab.txt", null],
      ["absent", null],
      ["y", "2"],
    ]),
  );
  expect(tree(home)).toEqual({ "model/x": "1", "model/y": "2" });
});

test("a disk that fills up leaves the previous folder as it was, and nothing else", async () => {
  await saveFolder(
    join(home, "model"),
    new Map([
      ["weights", "good"],
      ["other", "also"],
    ]),
  );
  const saving = saveFolder(
    join(home, "model"),
    new Map<string, string | AsyncIterable<Uint8Array>>([
      ["config", "new"],
      ["weights", failing()],
    ]),
  );
  await expect(saving).rejects.toThrow(`${join(home, "model")} cannot be written: the disk is full (ENOSPC)`);
  await expect(saving).rejects.toBeInstanceOf(CheckpointError);
  expect(tree(home)).toEqual({ "model/weights": "good", "model/other": "also" });
  expect(readdirSync(home)).toEqual(["model"]);
});

/** Makes the call numbered `failing` of a function fail, while `run` runs; gives the number of calls. */
async function withFailing(name: "renameSync" | "mkdirSync", failing: number, run: () => Promise<void>) {
  const fs = process.getBuiltinModule("node:fs");
  const own = fs[name].bind(fs) as (...given: unknown[]) => unknown;
  let calls = 0;
  const spy = vi.spyOn(fs, name).mockImplementation(((...given: unknown[]) => {
    if (calls++ === failing) throw Object.assign(new Error(`EIO: i/o error, ${name}`), { code: "EIO" });
    return own(...given);
  }) as never);
  try {
    await run();
  } finally {
    spy.mockRestore();
  }
  return calls;
}

test.each(["renameSync", "mkdirSync"] as const)(
  "whichever %s fails, the previous folder is as it was, or its save is over",
  async (name) => {
    const before = { "model/config.json": "1", "model/log.jsonl": "log", "model/checkpoints/a": "a", "model/old": "o" };
    const after = { ...before, "model/config.json": "2", "model/checkpoints/a": "A", "model/checkpoints/c": "c" };
    const files = new Map([
      ["config.json", "2"],
      ["checkpoints/a", "A"],
      ["checkpoints/c", "c"],
      ["old", null],
    ]);
    let failures = 0;
    for (let failing = 0; ; failing++) {
      rmSync(join(home, "model"), { recursive: true, force: true });
      for (const [name, value] of Object.entries(before)) {
        mkdirSync(join(home, name, ".."), { recursive: true });
        writeFileSync(join(home, name), value);
      }
      let failed = false;
      const calls = await withFailing(name, failing, () =>
        saveFolder(join(home, "model"), files).catch(() => {
          failed = true;
        }),
      );
      if (calls <= failing) break;
      if (!failed) continue;
      failures++;
      const found = tree(home);
      if (found["model/config.json"] === "1") expect(found).toEqual(before);
      // The last renaming gives the lock back. If it fails, the files are there, and the next save finds out.
      else expect(existsSync(join(home, "model/.roformer-save"))).toBe(true);
      expect(new TextDecoder().decode(await openFiles(join(home, "model")).read("config.json"))).toMatch(/^[12]$/);
    }
    expect(failures).toBeGreaterThan(name === "renameSync" ? 6 : 2);
    const { old: _, ...rest } = after as Record<string, string> & { old?: string };
    delete rest["model/old"];
    expect(tree(home)).toEqual(rest);
    expect(readdirSync(home)).toEqual(["model"]);
  },
);

test("folders that were made for a folder that failed are gone", async () => {
  await expect(saveFolder(join(home, "a/b/c"), new Map([["x", failing()]]))).rejects.toThrow("disk is full");
  expect(readdirSync(home)).toEqual([]);
});

test.skipIf(process.platform === "win32")(
  "a write that the system refuses midway leaves the previous folder as it was",
  async () => {
    await saveFolder(join(home, "model"), new Map([["weights", "good"]]));
    const files = new URL("../../ts/io/files.ts", import.meta.url).href;
    const program = `const { saveFolder } = await import(${JSON.stringify(files)});
    await saveFolder(${JSON.stringify(join(home, "model"))}, new Map([["weights", new Uint8Array(8 << 20)]])).catch((e) => console.log(e.message));`;
    // 4 MB a file at most: enough for what the loader caches, not for the weights.
    const command = `ulimit -f 8192; exec "$0" --import tsx --input-type=module -e "$1"`;
    const root = fileURLToPath(new URL("../..", import.meta.url));
    const { stdout } = spawnSync("sh", ["-c", command, process.execPath, program], { cwd: root, encoding: "utf8" });
    expect(stdout).toBe(
      `${join(home, "model")} cannot be written: the file is too large for this disk or its limit (EFBIG)\n`,
    );
    expect(tree(home)).toEqual({ "model/weights": "good" });
    expect(readdirSync(home)).toEqual(["model"]);
  },
);

test("whether a folder can be written is found out without a trace", async () => {
  await checkFolder(join(home, "a/b/c"));
  writeFileSync(join(home, "file"), "mine");
  await expect(checkFolder(join(home, "file"))).rejects.toThrow("is a file, not a folder");
  await expect(checkFolder(join(home, "file/model"))).rejects.toThrow(/is a file, not a folder \(E/);
  expect(tree(home)).toEqual({ file: "mine" });
  expect(readdirSync(home)).toEqual(["file"]);
});

test("a folder cannot be written where a file stands, or below one", async () => {
  writeFileSync(join(home, "file"), "mine");
  await expect(saveFolder(join(home, "file"), new Map([["x", ""]]))).rejects.toThrow("is a file, not a folder");
  await expect(saveFolder(join(home, "file/model"), new Map([["x", ""]]))).rejects.toThrow(
    /is a file, not a folder \(E/,
  );
  expect(tree(home)).toEqual({ file: "mine" });
});

test.skipIf(process.platform !== "linux")("a place that takes no folders is told at once", async () => {
  await expect(saveFolder("/proc/none/model", new Map([["x", ""]]))).rejects.toThrow(
    "/proc/none/model cannot be written",
  );
});

test.each(["../x", "/x", "a/../../x", "", "a//b", "a\\b", "./x"])("a file named %j is not written", async (name) => {
  await expect(saveFolder(join(home, "model"), new Map([[name, "x"]]))).rejects.toBeInstanceOf(CheckpointError);
  expect(readdirSync(home)).toEqual([]);
});

test("the current folder is written like any other: nothing in it moves", async () => {
  vi.spyOn(process, "cwd").mockReturnValue(home);
  writeFileSync(join(home, "mine"), "mine");
  await checkFolder(".");
  await saveFolder(".", new Map([["x", "1"]]));
  vi.restoreAllMocks();
  expect(tree(home)).toEqual({ mine: "mine", x: "1" });
});

test.skipIf(process.platform === "win32")("a link to a folder stays a link", async () => {
  mkdirSync(join(home, "real"));
  symlinkSync(join(home, "real"), join(home, "link"));
  await saveFolder(join(home, "link"), new Map([["x", "1"]]));
  expect(readFileSync(join(home, "real/x"), "utf8")).toBe("1");
  expect(readdirSync(home).sort()).toEqual(["link", "real"]);
});

test("a file is replaced whole or not at all", async () => {
  await saveFile(join(home, "tokenizer.json"), "one");
  await expect(saveFile(join(home, "tokenizer.json"), failing())).rejects.toThrow("disk is full");
  expect(tree(home)).toEqual({ "tokenizer.json": "one" });
  await saveFile(join(home, "tokenizer.json"), "two");
  expect(tree(home)).toEqual({ "tokenizer.json": "two" });
});

test("a folder and a map of blobs answer alike", async () => {
  writeFileSync(join(home, "a.bin"), "0123456789");
  for (const source of [home, `${home}/`, new Map([["a.bin", new Blob(["0123456789"])]])]) {
    const files = openFiles(source);
    expect([await files.has("a.bin"), await files.has("b"), await files.size("a.bin")]).toEqual([true, false, 10]);
    expect(new TextDecoder().decode(await files.read("a.bin"))).toBe("0123456789");
    expect(new TextDecoder().decode(await files.readRange("a.bin", 3, 5))).toBe("34");
    expect(new TextDecoder().decode(await files.readRange("a.bin", 8, 2 ** 45))).toBe("89");
    expect(await files.list()).toEqual(["a.bin"]);
    await expect(files.read("b")).rejects.toThrow(/b: no such file/);
  }
});

test("names that lead out of a folder are told from those that do not", () => {
  const names = [
    "m.safetensors",
    "sub/m",
    "../m",
    "a/../m",
    "/m",
    "C:m",
    "%2e%2e/m",
    "a\\m",
    "http://m",
    "m\0",
    "",
    "a//m",
  ];
  expect(names.filter(isInside)).toEqual(["m.safetensors", "sub/m"]);
});

test("a URL of the package is read at once, and peak memory is a plausible number of bytes", () => {
  const here = new URL(import.meta.url);
  expect(new TextDecoder().decode(platform.readPackageFileSync(here))).toBe(readFileSync(fileURLToPath(here), "utf8"));
  expect(platform.peakMemory()).toBeGreaterThan(process.memoryUsage().rss / 2);
  expect(platform.peakMemory()).toBeLessThan(1e12);
});
