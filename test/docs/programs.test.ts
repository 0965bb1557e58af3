import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { finetune } from "../../ts/train/index.js";
import { ROOT, run, temporaryFolder } from "../process.js";
import { filesOf, plain } from "./blocks.js";
import { ISOLATION } from "./site.js";

/** A folder with files and the package, as npm would link it. */
function project(files: ReadonlyMap<string, string>): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(ROOT, join(folder, "node_modules/roformer"), "junction");
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  for (const [path, code] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), code);
  }
  return folder;
}

/** Runs a server until `ask` is through, then asks it to end: it has to, by itself and without an error. */
async function withServer(cwd: string, args: string[], ask: (url: string) => Promise<void>): Promise<void> {
  const server = spawn(process.execPath, args, { cwd, env: { ...process.env, PORT: "0" } });
  const over = once(server, "close");
  let errors = "";
  server.stderr.on("data", (text) => {
    errors += text;
  });
  try {
    let said = "";
    for await (const text of server.stdout) {
      said += text;
      if (/port \d+\n/.test(said)) break;
    }
    await ask(`http://127.0.0.1:${/port (\d+)/.exec(said)?.[1]}/`);
    server.kill("SIGTERM");
    expect(await over).toEqual([0, null]);
    expect(errors).toBe("");
  } finally {
    server.kill("SIGKILL");
  }
}

describe("under plain node", () => {
  it.each(plain("js").map(({ where, code }) => [where, code] as const))("%s runs as it stands", async (_, code) => {
    const { code: exit, stderr, stdout } = await run(["example.js"], { cwd: project(new Map([["example.js", code]])) });
    expect(stderr).toBe("");
    expect(exit).toBe(0);
    expect(stdout).not.toBe("");
  });

  it("the CommonJS program requires the package, where Node can", async (ctx) => {
    if (!("require_module" in process.features)) ctx.skip(`Node ${process.versions.node} requires no modules`);
    const { code, stdout } = await run(["main.cjs"], { cwd: project(filesOf("commonjs")) });
    expect([code, stdout]).toEqual([0, "1\n"]);
  });

  it("the server of files sends both headers with everything, and ends when asked to", async () => {
    const folder = project(new Map([...filesOf("static-server"), ["site/index.html", "hello"], ["site/a.wasm", ""]]));
    await withServer(folder, ["server.js"], async (url) => {
      for (const [path, status] of [
        ["", 200],
        ["a.wasm", 200],
        ["none", 404],
        ["../server.js", 404],
        ["..%2fserver.js", 404],
      ] as const) {
        const response = await fetch(url + path);
        expect([path, response.status]).toEqual([path, status]);
        for (const [name, value] of Object.entries(ISOLATION)) expect(response.headers.get(name)).toBe(value);
        await response.text();
      }
    });
  });

  it("the service answers, refuses what is no request, and ends when asked to", async () => {
    const folder = project(filesOf("service"));
    const train = ["good", "fine", "bad", "poor"].map((text, i) => ({ text, liked: i < 2 ? "yes" : "no" }));
    const options = { train, valid: train, text: "text", label: "liked", steps: 1, batch: 2 };
    const { model } = await finetune({ ...options, out: join(folder, "my-model") });
    model.close();
    await withServer(folder, ["server.js", "my-model"], async (url) => {
      const ask = (body: string) => fetch(url, { method: "POST", body });
      const answers = await Promise.all(Array.from({ length: 8 }, () => ask('{ "text": "good" }')));
      for (const answer of answers) expect(await answer.json()).toMatchObject({ label: expect.any(String) });
      expect((await ask("{")).status).toBe(400);
      expect((await ask('{ "text": 1 }')).status).toBe(400);
    });
  });
});
