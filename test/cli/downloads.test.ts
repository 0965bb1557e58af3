import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HubServer } from "../io/hubServer.js";
import { smallModel } from "../pipelines/models.js";
import { roformer, temporaryFolder } from "../process.js";

const folder = temporaryFolder();
const hub = new HubServer();
let endpoint = "";
/** Makes standard error a terminal, as far as a program can see. */
const terminal = join(folder, "terminal.mjs");

beforeAll(async () => {
  endpoint = await hub.start();
  const model = await smallModel("sequence-classification");
  for (const [name, blob] of await model.files()) hub.files.set(name, new Uint8Array(await blob.arrayBuffer()));
  await model.save(join(folder, "m"));
  model.close();
  writeFileSync(terminal, "process.stderr.isTTY = true; process.stderr.columns = 100;");
  writeFileSync(join(folder, "data.csv"), `text,label\n${"good,LABEL_0\nbad,LABEL_1\n".repeat(40)}`);
});
afterAll(() => hub.stop());

const cache = join(folder, "cache");
async function fresh(args: readonly string[], onTerminal: boolean) {
  rmSync(cache, { recursive: true, force: true });
  const env = {
    HF_ENDPOINT: endpoint,
    ROFORMER_CACHE: cache,
    ...(onTerminal && { NODE_OPTIONS: `--import=${pathToFileURL(terminal).href}` }),
  };
  return roformer(args, { cwd: folder, env });
}

const columns = ["--text", "text", "--label", "label"];
const commands: [string, (source: string) => string[]][] = [
  ["predict", (source) => ["predict", "--model", source, "good"]],
  ["embed", (source) => ["embed", "--model", source, "good"]],
  ["evaluate", (source) => ["evaluate", "--model", source, "--data", "data.csv", ...columns]],
  ["inspect", (source) => ["inspect", source]],
  ["convert", (source) => ["convert", source, "out"]],
  [
    "finetune",
    (source) => [
      "finetune",
      "--train",
      "data.csv",
      "--valid",
      "data.csv",
      ...columns,
      "--init",
      source,
      "--epochs",
      "1",
      "--out",
      "tuned",
    ],
  ],
];

describe("a download shows how far it is", () => {
  it.each(commands)("of %s: on a terminal alone", async (_, args) => {
    for (const source of ["hf:owner/name", `${endpoint}/owner/name/resolve/main`]) {
      const shown = await fresh(args(source), true);
      expect(shown.stderr).toMatch(/[=-]{9}.*[1-9].* kB {2}config\.json/);
      expect(shown.stderr).toMatch(/[=-]{9}.*[1-9].* kB {2}model\.safetensors/);
      expect(shown.code).toBe(0);
      const plain = await fresh(args(source), false);
      expect(plain.stderr).not.toMatch(/kB|config\.json/);
      expect(plain.code).toBe(0);
      expect((await fresh([...args(source), "--quiet"], true)).stderr).not.toMatch(/kB|config\.json/);
    }
  });

  it("and gives the cursor back where it breaks off", async () => {
    hub.settings = {
      answer({ method, bytes, headers }, response) {
        if (method !== "GET") return false;
        response.writeHead(200, { ...headers, "Content-Length": bytes.length }).write(bytes.subarray(0, 100));
        setTimeout(() => response.destroy(), 500);
        return true;
      },
    };
    const { code, stderr } = await fresh(["predict", "--model", "hf:owner/name", "good"], true);
    hub.settings = {};
    expect(code).toBe(1);
    expect(stderr).toMatch(/\nerror: .*config\.json cannot be reached/);
    expect(stderr.lastIndexOf("\u001b[?25h")).toBeGreaterThan(stderr.lastIndexOf("\u001b[?25l"));
  });
});

describe("a file of options", () => {
  const refused = async (args: readonly string[], message: RegExp) => {
    const { code, stderr } = await roformer(["predict", ...args, "x"], { cwd: folder });
    expect(stderr).toMatch(message);
    expect(stderr.trim().split("\n").length).toBe(1);
    expect(code).toBe(1);
  };

  it.skipIf(process.platform === "win32")("that never ends is refused", async () => {
    await refused(["--config", "/dev/zero"], /^error: \/dev\/zero is longer than 1048576 bytes/);
  });

  it.each([
    ["repeats itself", "model: &m [*m]\n", /: an alias contains itself/],
    ["repeats itself at the root", "&r\nmodel: *r\n", /: an alias contains itself|: model: /],
    ["is a map of maps", "model: &m { a: { b: *m } }\n", /: an alias contains itself/],
    [
      "grows without bound",
      `a: &a [x,x,x]\n${"bcdefghij"
        .split("")
        .map((c, i) => `${c}: &${c} [${`*${"abcdefghi"[i]},`.repeat(9)}]`)
        .join("\n")}\n`,
      /alias/i,
    ],
    ["is no text", "\u0000\u0001", /line 1 holds a zero byte/],
  ])("that %s is refused", async (_, content, message) => {
    writeFileSync(join(folder, "options.yaml"), content);
    await refused(["--config", "options.yaml"], message);
  });

  it("that is not there, or a folder, is refused with why", async () => {
    await refused(["--config", "none.yaml"], /none\.yaml cannot be read: there is no such place \(ENOENT\)/);
    await refused(["--config", "."], /\. cannot be read: it is a folder, not a file \(EISDIR\)/);
  });
});
