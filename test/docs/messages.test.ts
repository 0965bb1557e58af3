import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { needChromium } from "../chromium.js";
import { ROOT, run, temporaryFolder } from "../process.js";
import { guides } from "./blocks.js";
import { ISOLATION, open, outputOf, serve } from "./site.js";

const guide = guides["troubleshooting.md"]!;
const [own = "", others = ""] = guide.split("\n## From bundlers, browsers and Node\n");

/** What is said by Node or a browser, within a message of the library. */
const FOREIGN = ["WebAssembly.", "Cannot find module", "404 Not Found", "Failed to fetch"];

/** Messages: headings, and what stands as code at the beginning of a list's entry. */
const messagesIn = (text: string): string[] =>
  [...text.matchAll(/^(?:### | *- )`(.+)`(?=$|: | \()/gm)].map(([, message]) => message!);

const sourcesOf = (...folders: string[]): string[] =>
  folders.flatMap((folder) =>
    readdirSync(join(ROOT, "ts", folder))
      .filter((name) => name.endsWith(".ts"))
      .map((name) => readFileSync(join(ROOT, "ts", folder, name), "utf8")),
  );
const around = sourcesOf("engine", "engine/wasm", "platform", "session", "io/sources", "instead");
const sources = [...around, ...sourcesOf("io")];

/** What is always the same in a message: between `…`, or of a template. */
const fixed = (message: string, hole: RegExp): string[] =>
  message
    .split(hole)
    .map((part) =>
      part
        .replaceAll("\\`", "`")
        .replace(/^[:;,)] /, "")
        .trim(),
    )
    .filter((part) => /\w{2}/.test(part));

/** Templates have templates in them: only what stands outside of `${…}` is a message. */
const HOLE = /\$\{(?:[^{}`]|`[^`]*`|\{[^{}]*\})*\}/;

/** What is thrown in some folders, as it stands there. */
const thrown = around
  .flatMap((text) => [
    ...text.matchAll(
      /new (?:\w*Error|Unreachable)\(\s*("[^"]+"|`(?:[^`\\$]|\\.|\$\{(?:[^{}`]|`[^`]*`|\{[^{}]*\})*\})+`)/g,
    ),
  ])
  .map(([, literal]) => literal!.slice(1, -1))
  .filter((message) => fixed(message, HOLE).length > 0);

describe("troubleshooting.md", () => {
  it.each(messagesIn(own).filter((message) => !FOREIGN.some((part) => message.includes(part))))(
    "the library says `%s`",
    (message) => {
      const text = sources.join("\n").replaceAll("\\`", "`");
      expect(fixed(message, /…/).filter((part) => !text.includes(part))).toEqual([]);
    },
  );

  it("has whatever the engine, sessions, platforms and sources of files throw", () => {
    const text = own.replaceAll("…", " ");
    const missing = thrown.filter((message) => !fixed(message, HOLE).every((part) => text.includes(part)));
    expect(missing).toEqual([]);
  });
});

describe("what Node says", () => {
  it.each([
    ["Cannot use import statement outside a module", "main.cjs", 'import { RoFormer } from "roformer";'],
    [
      "expected magic word 00 61 73 6d, found 3c 21 64 6f",
      "main.mjs",
      'await WebAssembly.compile(new TextEncoder().encode("<!doctype html>"));',
    ],
    [
      "the session's worker ended: Cannot find module",
      "main.mjs",
      `import { createSession } from ${JSON.stringify(join(ROOT, "dist/session/index.js"))};\nawait createSession({ worker: "./none.js" });`,
    ],
  ])("%s", async (message, file, code) => {
    expect(guide).toContain(message.replace(/^.*(?=Cannot find)/, ""));
    const folder = temporaryFolder();
    await import("node:fs").then(({ writeFileSync }) => writeFileSync(join(folder, file), code));
    const { stderr } = await run([file], { cwd: folder });
    expect(stderr).toContain(message);
  });
});

describe("what Chromium says", () => {
  const folders = { "/node_modules/roformer/": ROOT };
  const page = (code: string, headers: Readonly<Record<string, string>> = ISOLATION) => ({
    folders,
    headers: () => headers,
    pages: {
      "/index.html":
        '<!doctype html><link rel="icon" href="data:,"><output></output><script type="module" src="page.js"></script>',
      "/page.js": `const say = (error) => (document.querySelector("output").textContent = String(error));\n${code}`,
    },
  });
  const session = (options: string) =>
    `import { createSession } from "/node_modules/roformer/dist/session/index.js"; createSession(${options}).then(() => say("started"), say);`;

  it.for([
    ["the server sent a web page instead of the file", page(session('{ wasm: new URL("/", location.href) }'))],
    ["expected magic word 00 61 73 6d, found 3c 21 64 6f", page(session('{ wasm: await fetch("/") }'))],
    [
      "Compiling or instantiating WebAssembly module violates the following Content Security policy directive because 'unsafe-eval' is not an allowed source of script",
      page(session(""), { "Content-Security-Policy": "script-src 'self'" }),
    ],
    ["SharedArrayBuffer is not defined", page("try { new SharedArrayBuffer(1); } catch (error) { say(error); }", {})],
    ["Failed to construct 'Worker': Script at", page(session('{ worker: "https://cdn.example/worker.js" }'))],
    [
      "Failed to construct 'URL': Invalid URL",
      page('try { new URL("../wasm", undefined); } catch (error) { say(error); }'),
    ],
    [
      "it cannot be read synchronously here: call `await init()` first",
      page(`import { RoFormer } from "/node_modules/roformer/dist/index.js";
try { RoFormer.create({ vocab_size: 8, hidden_size: 8, num_hidden_layers: 1, num_attention_heads: 1, intermediate_size: 8 }); } catch (error) { say(error); }`),
    ],
    [
      "its script could not be loaded: is it where the bundler put the package",
      page(session('{ worker: "/none.js" }')),
    ],
    [
      "its script could not be loaded: is it where the bundler put the package",
      {
        ...page(session("")),
        headers: (path: string): Readonly<Record<string, string>> => (path.endsWith("/worker.js") ? {} : ISOLATION),
      },
    ],
    [
      "browsers cannot read paths; give a Map of Blobs or a URL",
      page('import { RoFormer } from "/node_modules/roformer/dist/index.js"; RoFormer.load("./folder").catch(say);'),
    ],
  ] as const)("%s", async ([message, site], ctx) => {
    expect(others + own).toContain(message);
    expect(await outputOf(await open(await needChromium(ctx), await serve(site)))).toContain(message);
  });
});
