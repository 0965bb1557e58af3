import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openFiles, saveFolder } from "../../ts/io/files.js";
import { readWhole } from "../../ts/io/whole.js";
import { ROOT, run } from "../process.js";

let home = "";
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "journal-"));
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

/** The id of a process that has ended. */
const deadProcess = (): number => spawnSync(process.execPath, ["-e", ""]).pid;

const put = (files: Record<string, string>) => {
  for (const [name, value] of Object.entries(files)) {
    mkdirSync(join(home, name, ".."), { recursive: true });
    writeFileSync(join(home, name), value);
  }
};

const older = { "out/config.json": "1", "out/a": "1", "out/sub/b": "1", "out/model.safetensors": "1", "out/gone": "1" };
const mine = { "out/notes.txt": "mine", "out/sub/mine": "mine" };
const newer = { "out/config.json": "2", "out/a": "2", "out/sub/b": "2", "out/new": "2" };

/** Saves `newer` over `older` in a process that dies at its `call`-th renaming; gives whether it did. */
async function killedAt(call: number): Promise<boolean> {
  const program = `
    const { saveFolder } = await import(${JSON.stringify(join(ROOT, "ts/io/files.ts"))});
    const fs = process.getBuiltinModule("node:fs");
    const rename = fs.renameSync;
    let calls = 0;
    fs.renameSync = (...given) => {
      if (calls++ === ${call}) process.kill(process.pid, "SIGKILL");
      rename(...given);
    };
    await saveFolder(${JSON.stringify(join(home, "out"))}, new Map([["config.json", "2"], ["a", "2"], ["sub/b", "2"],
      ["new", "2"], ["gone", null]]), { stale: "weights" });`;
  const ended = await run(["--import", "tsx", "--input-type=module", "-e", program]);
  expect(ended.stderr).toBe("");
  return ended.signal === "SIGKILL";
}

describe("a save that is killed at any of its renamings", { timeout: 120_000 }, () => {
  test("is over or has not begun for this library's reader, keeps others from a mixture, and is ended by the next save", async () => {
    const seen = { old: 0, new: 0, refused: 0 };
    for (let call = 0; ; call++) {
      rmSync(join(home, "out"), { recursive: true, force: true });
      put({ ...older, ...mine });
      if (!(await killedAt(call))) break;
      const files = openFiles(join(home, "out"));
      const read = async (name: string) =>
        (await files.has(name)) ? new TextDecoder().decode(await files.read(name)) : undefined;
      const found = await Promise.all(["config.json", "a", "sub/b", "model.safetensors", "gone", "new"].map(read));
      const isNew = found[0] === "2";
      expect(found).toEqual(isNew ? ["2", "2", "2", undefined, undefined, "2"] : ["1", "1", "1", "1", "1", undefined]);
      expect(await files.list()).toEqual(
        isNew
          ? ["a", "config.json", "new", "notes.txt", "sub"]
          : ["a", "config.json", "gone", "model.safetensors", "notes.txt", "sub"],
      );
      // Everybody else.
      const plain = tree(home);
      for (const [name, value] of Object.entries(mine)) expect(plain[name]).toBe(value);
      if (plain["out/config.json"] === undefined) seen.refused++;
      else {
        const own = Object.entries(plain).filter(([name]) => !name.includes(".roformer-save"));
        expect(Object.fromEntries(own)).toEqual(
          plain["out/config.json"] === "1" ? { ...older, ...mine } : { ...newer, ...mine },
        );
        seen[plain["out/config.json"] === "1" ? "old" : "new"]++;
      }
      await saveFolder(join(home, "out"), new Map([["more", "3"]]));
      expect(tree(home)).toEqual({ ...(isNew ? newer : older), ...mine, "out/more": "3" });
      expect(readdirSync(home)).toEqual(["out"]);
    }
    // At the first renaming nothing is decided, at the last everything is in its place.
    expect(seen).toEqual({ old: 2, new: 1, refused: 8 });
  });
});

test("a read is of one save, though another process saves all the time", async () => {
  put({ "out/config.json": "0", "out/a": "0", "out/b": "0" });
  const saving = (async () => {
    for (let i = 1; i <= 60; i++) {
      const value = String(i);
      await saveFolder(
        join(home, "out"),
        new Map([
          ["config.json", value],
          [i % 2 ? "a" : "b", value],
          [i % 2 ? "b" : "a", null],
        ]),
      );
    }
  })();
  let [over, reads] = [false, 0];
  saving.finally(() => {
    over = true;
  });
  while (!over) {
    const found = await readWhole(join(home, "out"), {}, async (files) => {
      const name = (await files.has("a")) ? "a" : "b";
      const both = [await files.read("config.json"), await files.read(name)];
      return both.map((bytes) => new TextDecoder().decode(bytes));
    });
    expect(found[0]).toBe(found[1]);
    reads++;
  }
  await saving;
  expect(reads).toBeGreaterThan(5);
});

test("a folder whose files change whenever they are read is an error, and results are discarded", async () => {
  put({ "out/a": "0" });
  const discarded: number[] = [];
  let n = 0;
  const read = readWhole(
    join(home, "out"),
    {},
    async (files) => {
      await files.read("a");
      writeFileSync(join(home, "out/a"), "x".repeat(++n));
      return n;
    },
    (result) => discarded.push(result),
  );
  await expect(read).rejects.toThrow("the files keep changing while they are read");
  expect(discarded).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
});

describe("what dead processes of the version before have left", () => {
  const names = new Map([
    ["config.json", "3"],
    ["a", "3"],
  ]);

  test("beside the folder: the user's files go back, the rest goes", async () => {
    const left = `.out.${deadProcess()}-ab12cd34.tmp`;
    put({ "out/config.json": "1", "out/sub/kept": "k", [`${left}/config.json`]: "2" });
    put({ [`${left}/notes.txt`]: "mine", [`${left}/sub/deep.txt`]: "mine" });
    await saveFolder(join(home, "out"), names);
    const kept = { "out/notes.txt": "mine", "out/sub/kept": "k", "out/sub/deep.txt": "mine" };
    expect(tree(home)).toEqual({ "out/config.json": "3", "out/a": "3", ...kept });
    expect(readdirSync(home)).toEqual(["out"]);
  });

  test("between its two renamings: the new folder gets its name", async () => {
    const name = `.out.${deadProcess()}-ab12cd34.tmp`;
    put({ [`${name}/config.json`]: "2", [`${name}/notes.txt`]: "mine", [`${name}.before/config.json`]: "1" });
    await saveFolder(
      join(home, "out"),
      new Map([
        ["b", "3"],
        ["config.json", "3"],
      ]),
    );
    expect(tree(home)).toEqual({ "out/config.json": "3", "out/b": "3", "out/notes.txt": "mine" });
    expect(readdirSync(home)).toEqual(["out"]);
  });

  test("stays if two files have one name, if its process lives, or if its name is another's", async () => {
    const [dead, other] = [`.out.${deadProcess()}-ab12cd34.tmp`, `.outer.${deadProcess()}-ab12cd34.tmp`];
    const alive = `.out.${process.pid}-ab12cd34.tmp`;
    put({ "out/notes.txt": "newer", [`${dead}/notes.txt`]: "mine", [`${alive}/x`]: "x", [`${other}/x`]: "x" });
    put({ [`${dead}/a`]: "the user's, with the name of a file that is saved" });
    utimesSync(join(home, dead, "a"), 1e9, 1e9);
    const before = tree(home);
    await saveFolder(join(home, "out"), names);
    expect(tree(home)).toEqual({ ...before, "out/config.json": "3", "out/a": "3" });
  });
});

describe.skipIf(process.platform !== "linux")("locks", () => {
  const owner = (folder: string) => readdirSync(folder).find((name) => name.startsWith("owner-"))!;

  /** A folder with a save that was killed when half of it was done, and who held it. */
  async function interrupted(): Promise<{ active: string; held: string }> {
    put({ ...older, ...mine });
    expect(await killedAt(5)).toBe(true);
    const active = join(home, "out/.roformer-save");
    return { active, held: owner(active) };
  }

  const rename = (active: string, from: string, to: string) =>
    process.getBuiltinModule("node:fs").renameSync(join(active, from), join(active, to));

  test("of a process whose number another one has by now are not respected", async () => {
    const { active, held } = await interrupted();
    // This process is alive, and started at another time.
    rename(active, held, held.replace(/^(owner-\w+-\w+)-\d+/, `$1-${process.pid}`));
    await saveFolder(join(home, "out"), new Map([["more", "3"]]));
    expect(tree(home)).toEqual({ ...newer, ...mine, "out/more": "3" });
  });

  test("from before the machine was started are not respected", async () => {
    const { active, held } = await interrupted();
    rename(active, held, held.replace(/^(owner-\w+)-\w+/, "$1-00000000"));
    await saveFolder(join(home, "out"), new Map([["more", "3"]]));
    expect(existsSync(active)).toBe(false);
  });

  test("of a process that lives are waited for", async () => {
    const { active, held } = await interrupted();
    const state = readFileSync("/proc/self/stat", "latin1");
    const start = state.slice(state.lastIndexOf(")") + 2).split(" ")[19];
    rename(active, held, held.replace(/^(owner-\w+-\w+)-\d+-\d+/, `$1-${process.pid}-${start}`));
    let done = false;
    const saving = saveFolder(join(home, "out"), new Map([["more", "3"]])).then(() => {
      done = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect([done, existsSync(active)]).toEqual([false, true]);
    rename(active, owner(active), held);
    await saving;
    expect(tree(home)).toEqual({ ...newer, ...mine, "out/more": "3" });
  });

  test("of another machine are not, after thirty seconds without a step", { timeout: 60_000 }, async () => {
    const { active, held } = await interrupted();
    rename(active, held, held.replace(/^owner-\w{8}/, "owner-00000000"));
    const started = performance.now();
    await saveFolder(join(home, "out"), new Map([["more", "3"]]));
    expect(performance.now() - started).toBeGreaterThan(29_000);
    expect(tree(home)).toEqual({ ...newer, ...mine, "out/more": "3" });
  });
});

describe("a journal that came with a folder from elsewhere", () => {
  /** A folder in whose name a dead process seems to have been saving. */
  const planted = (journal: object, files: Record<string, string> = {}) => {
    put(older);
    put({
      "victim.txt": "mine",
      "out/.roformer-save/journal.json": JSON.stringify({ id: "x", files: [], remove: [], ...journal }),
    });
    for (const [name, text] of Object.entries(files)) put({ [`out/.roformer-save/files/${name}`]: text });
    const owner = `owner-aaaaaaaa-bbbbbbbb-${deadProcess()}-1-abcdefgh`;
    put({ [`out/.roformer-save/${owner}`]: "" });
    // Long enough ago that its process counts as dead.
    utimesSync(join(home, "out/.roformer-save", owner), 1, 1);
  };
  const save = () => saveFolder(join(home, "out"), new Map([["config.json", "2"]]));

  test.each([
    ["removes a file outside", { remove: ["../victim.txt"] }],
    ["removes by a pattern of its own", { stale: ".*txt$" }],
    ["removes by a pattern that never ends", { files: ["config.json"], stale: "^(([a-z_.])+)+$!" }],
    ["has a pattern that is none", { stale: "(" }],
    ["replaces a file outside", { files: ["../victim.txt"] }],
    ["names an absolute path", { files: ["/victim.txt"] }],
    ["names saving's own files", { remove: [".roformer-save/journal.json"] }],
  ])(
    "that %s changes nothing and stops no reader",
    async (_, journal) => {
      planted(journal, { "config.json": "planted" });
      expect(new TextDecoder().decode(await openFiles(join(home, "out")).read("config.json"))).toBe("1");
      await expect(save()).rejects.toThrow(/journal\.json is damaged: move .*\.roformer-save elsewhere/);
      expect(tree(home)["victim.txt"]).toBe("mine");
      for (const [name, text] of Object.entries(older)) expect(tree(home)[name]).toBe(text);
    },
    60_000,
  );

  test("moves nothing through a link", async () => {
    planted({ files: ["linked/new.txt"] }, { "linked/new.txt": "planted" });
    mkdirSync(join(home, "elsewhere"));
    symlinkSync(join(home, "elsewhere"), join(home, "out/linked"));
    const link = () => saveFolder(join(home, "out"), new Map([["linked/new.txt", "2"]]));
    await expect(link()).rejects.toThrow(/linked is a link; files are moved only into real folders/);
    expect(readdirSync(join(home, "elsewhere"))).toEqual([]);
  });
});
