import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkFile, checkFolder, openFiles, saveFile, saveFolder } from "../../ts/io/files.js";

let home = "";
const mounts: string[] = [];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "places-"));
});
afterEach(() => {
  for (const mount of mounts.splice(0)) spawnSync("umount", [mount]);
  rmSync(home, { recursive: true, force: true });
});

const windows = process.platform === "win32";

/** Mounts a memory disk; false where that is not allowed. */
function mount(folder: string, size = "1m"): boolean {
  mkdirSync(folder, { recursive: true });
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", folder]).status === 0;
  if (mounted) mounts.push(folder);
  return mounted;
}

const mayMount = (() => {
  const folder = mkdtempSync(join(tmpdir(), "mount-"));
  const may = process.platform === "linux" && mount(folder);
  for (const one of mounts.splice(0)) spawnSync("umount", [one]);
  rmSync(folder, { recursive: true, force: true });
  return may;
})();

const model = new Map([
  ["config.json", "{}"],
  ["model.safetensors", "weights"],
  ["1_Pooling/config.json", "pooling"],
]);
const names = [...model.keys()];
const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);
const text = (...path: string[]) => readFileSync(join(home, ...path), "utf8");

describe.skipIf(!mayMount)("a mount (needs the right to mount)", () => {
  test("can be the folder itself: nothing is renamed to another disk", async () => {
    mount(join(home, "out"));
    writeFileSync(join(home, "out/notes.txt"), "mine");
    for (let i = 0; i < 2; i++) {
      await checkFolder(join(home, "out"), names);
      await saveFolder(join(home, "out"), model);
    }
    expect(readdirSync(join(home, "out")).sort()).toEqual([
      ...["1_Pooling", "config.json", "model.safetensors", "notes.txt"],
    ]);
    expect(readdirSync(home)).toEqual(["out"]);
  });

  test("can be within the folder, also where a file of the model goes", async () => {
    mount(join(home, "out/data"));
    mount(join(home, "out/1_Pooling"));
    writeFileSync(join(home, "out/data/a.csv"), "mine");
    writeFileSync(join(home, "out/1_Pooling/config.json"), "older");
    await checkFolder(join(home, "out"), names);
    await saveFolder(join(home, "out"), model);
    expect([text("out/1_Pooling/config.json"), text("out/data/a.csv")]).toEqual(["pooling", "mine"]);
    expect(readdirSync(join(home, "out/1_Pooling"))).toEqual(["config.json"]);
    await saveFolder(join(home, "out"), new Map([["1_Pooling/config.json", null]]));
    expect(readdirSync(join(home, "out/1_Pooling"))).toEqual([]);
  });

  test("that is full leaves the older model as it was", async () => {
    mount(join(home, "out"), "256k");
    await saveFolder(join(home, "out"), model);
    const large = new Map<string, string | Uint8Array>([...model, ["model.safetensors", new Uint8Array(1 << 20)]]);
    await expect(saveFolder(join(home, "out"), large)).rejects.toThrow("the disk is full (ENOSPC)");
    expect(readdirSync(join(home, "out")).sort()).toEqual(["1_Pooling", "config.json", "model.safetensors"]);
    expect(text("out/model.safetensors")).toBe("weights");
  });

  test("that is read-only is refused before and during a save", async () => {
    mount(join(home, "out"));
    await saveFolder(join(home, "out"), model);
    spawnSync("mount", ["-o", "remount,ro", join(home, "out")]);
    await expect(checkFolder(join(home, "out"), names)).rejects.toThrow("the disk is read-only (EROFS)");
    await expect(saveFolder(join(home, "out"), model)).rejects.toThrow("the disk is read-only (EROFS)");
  });

  test("can be a single file that is written to", async () => {
    mkdirSync(join(home, "from"));
    writeFileSync(join(home, "from/real.jsonl"), "old");
    writeFileSync(join(home, "out.jsonl"), "");
    expect(spawnSync("mount", ["--bind", join(home, "from/real.jsonl"), join(home, "out.jsonl")]).status).toBe(0);
    mounts.push(join(home, "out.jsonl"));
    await saveFile(join(home, "out.jsonl"), "new");
    expect(text("from/real.jsonl")).toBe("new");
    expect(readdirSync(home).sort()).toEqual(["from", "out.jsonl"]);
  });
});

describe.skipIf(windows)("links", () => {
  test("in a circle are refused before anything is made", async () => {
    symlinkSync(join(home, "b"), join(home, "a"));
    symlinkSync(join(home, "a"), join(home, "b"));
    for (const path of ["a", "a/model"]) {
      await expect(checkFolder(join(home, path))).rejects.toThrow("its links lead in a circle (ELOOP)");
      await expect(saveFolder(join(home, path), model)).rejects.toThrow("its links lead in a circle (ELOOP)");
      await expect(checkFile(join(home, path))).rejects.toThrow("its links lead in a circle (ELOOP)");
    }
    expect(readdirSync(home).sort()).toEqual(["a", "b"]);
  });

  test("to a place that does not exist yet make it, and stay links", async () => {
    symlinkSync("volume/models/mine", join(home, "out"));
    symlinkSync(join(home, "out"), join(home, "twice"));
    await checkFolder(join(home, "twice"), names);
    expect(readdirSync(home).sort()).toEqual(["out", "twice"]);
    await saveFolder(join(home, "twice"), model);
    expect(text("volume/models/mine/model.safetensors")).toBe("weights");
    expect(lstatSync(join(home, "out")).isSymbolicLink()).toBe(true);
    symlinkSync("elsewhere/vectors.jsonl", join(home, "vectors.jsonl"));
    await saveFile(join(home, "vectors.jsonl"), "[1]");
    expect(text("elsewhere/vectors.jsonl")).toBe("[1]");
    expect(lstatSync(join(home, "vectors.jsonl")).isSymbolicLink()).toBe(true);
  });

  test("in the place of a model's files are replaced; what they name stays", async () => {
    mkdirSync(join(home, "out"));
    writeFileSync(join(home, "blob"), "shared");
    symlinkSync(join(home, "blob"), join(home, "out/model.safetensors"));
    symlinkSync(join(home, "nowhere"), join(home, "out/vocab.txt"));
    await saveFolder(join(home, "out"), new Map([...model, ["vocab.txt", null]]));
    expect([text("blob"), text("out/model.safetensors")]).toEqual(["shared", "weights"]);
    expect(lstatSync(join(home, "out/vocab.txt"), { throwIfNoEntry: false })).toBe(undefined);
  });
});

describe("folders of the user's with a file's name", () => {
  test("are kept where the file would only be removed", async () => {
    for (const name of ["vocab.json", "model-00001-of-00002.safetensors"]) {
      mkdirSync(join(home, "out", name), { recursive: true });
      writeFileSync(join(home, "out", name, "precious.txt"), "p");
    }
    writeFileSync(join(home, "out/model-00002-of-00002.safetensors"), "stale");
    await saveFolder(join(home, "out"), new Map([...model, ["vocab.json", null]]), { stale: "weights" });
    expect(text("out/vocab.json/precious.txt")).toBe("p");
    expect(text("out/model-00001-of-00002.safetensors/precious.txt")).toBe("p");
    expect(existsSync(join(home, "out/model-00002-of-00002.safetensors"))).toBe(false);
  });

  test.each(["config.json", "model.safetensors", "1_Pooling/config.json"])("%s is refused by name", async (name) => {
    mkdirSync(join(home, "out", name), { recursive: true });
    for (const refused of [checkFolder(join(home, "out"), names), saveFolder(join(home, "out"), model)])
      await expect(refused).rejects.toThrow(`${name} in it is a folder, but a file of that name must be written`);
    expect(readdirSync(join(home, "out"))).toEqual([name.split("/")[0]]);
  });

  test("and a file in the place of a folder are refused", async () => {
    mkdirSync(join(home, "out"));
    writeFileSync(join(home, "out/1_Pooling"), "mine");
    await expect(checkFolder(join(home, "out"), names)).rejects.toThrow("1_Pooling is a file, not a folder");
    await expect(saveFolder(join(home, "out"), model)).rejects.toThrow("1_Pooling is a file, not a folder");
    expect(readdirSync(join(home, "out"))).toEqual(["1_Pooling"]);
  });

  test("are refused for a single file", async () => {
    mkdirSync(join(home, "vectors.jsonl"));
    for (const refused of [checkFile(join(home, "vectors.jsonl")), saveFile(join(home, "vectors.jsonl"), "")])
      await expect(refused).rejects.toThrow("vectors.jsonl is a folder, not a file");
  });
});

describe.skipIf(windows)("modes", () => {
  test("of an existing folder and its files stay, and a new file is as private as the others", async () => {
    await saveFolder(join(home, "out"), new Map([...model].slice(0, 2)));
    chmodSync(join(home, "out"), 0o700);
    chmodSync(join(home, "out/config.json"), 0o640);
    chmodSync(join(home, "out/model.safetensors"), 0o600);
    await saveFolder(join(home, "out"), new Map([...model, ["vocab.txt", "a"]]));
    expect(["", "config.json", "model.safetensors", "vocab.txt"].map((name) => mode(join(home, "out", name)))).toEqual([
      ...["700", "640", "600", "640"],
    ]);
  });

  test("of a group, which the process's mask would take away, stay", async () => {
    await saveFolder(join(home, "out"), model);
    chmodSync(join(home, "out"), 0o2775);
    chmodSync(join(home, "out/config.json"), 0o664);
    await saveFolder(join(home, "out"), model);
    expect([mode(join(home, "out")), mode(join(home, "out/config.json"))]).toEqual(["775", "664"]);
    expect(statSync(join(home, "out")).mode & 0o2000).toBe(0o2000);
  });

  test("of a private folder without a model: its files are private too; of another one: as usual", async () => {
    mkdirSync(join(home, "private"), { mode: 0o700 });
    await saveFolder(join(home, "private"), model);
    expect(mode(join(home, "private/config.json"))).toBe("600");
    await saveFolder(join(home, "open"), model);
    expect(mode(join(home, "open/config.json"))).toBe((0o666 & ~process.umask()).toString(8));
  });

  test("of a single file stay", async () => {
    writeFileSync(join(home, "vectors.jsonl"), "");
    chmodSync(join(home, "vectors.jsonl"), 0o600);
    await saveFile(join(home, "vectors.jsonl"), "[1]");
    expect(mode(join(home, "vectors.jsonl"))).toBe("600");
  });

  test.skipIf(process.getuid?.() !== 0)("and owners stay where the process may set them (needs root)", async () => {
    await saveFolder(join(home, "out"), new Map([...model].slice(0, 2)));
    for (const name of ["", "config.json", "model.safetensors"]) chownSync(join(home, "out", name), 1234, 1235);
    await saveFolder(join(home, "out"), new Map([...model, ["vocab.txt", "a"]]));
    for (const name of ["", "config.json", "model.safetensors", "vocab.txt"])
      expect(statSync(join(home, "out", name))).toMatchObject({ uid: 1234, gid: 1235 });
  });
});

test.skipIf(windows)("a pipe is written to, and stays a pipe", async () => {
  spawnSync("mkfifo", [join(home, "pipe.jsonl")]);
  await checkFile(join(home, "pipe.jsonl"));
  const read = process.getBuiltinModule("node:fs/promises").readFile(join(home, "pipe.jsonl"), "utf8");
  await saveFile(join(home, "pipe.jsonl"), "[1]\n");
  expect(await read).toBe("[1]\n");
  expect(lstatSync(join(home, "pipe.jsonl")).isFIFO()).toBe(true);
});

test("files of a name of the longest kind are saved", async () => {
  const name = `${"v".repeat(249)}.jsonl`;
  await saveFile(join(home, name), "[1]");
  expect(text(name)).toBe("[1]");
});

test("a list of a folder names nothing of saving", async () => {
  await saveFolder(join(home, "out"), model);
  mkdirSync(join(home, "out/.roformer-save-00000000-00000000-1-1-x"));
  expect(await openFiles(join(home, "out")).list()).toEqual(["1_Pooling", "config.json", "model.safetensors"]);
});
