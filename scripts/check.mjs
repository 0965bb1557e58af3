// Checks before a commit: format, lint, types, the published package, and all tests. Continues after failures, to list them all.
import { join } from "node:path";
import { requireNode } from "./node.mjs";
import { runMain, say } from "./say.mjs";

await runMain(async () => {
  requireNode();
  const { ROOT, show, showNode } = await import("./processes.mjs");
  const { ensureRust } = await import("./rust.mjs");
  const { runTests, tryBuild } = await import("./suites.mjs");
  const { nothing, plus, report } = await import("./tally.mjs");
  const failures = nothing();
  const check = (/** @type {string} */ name, /** @type {() => boolean | void} */ body) => {
    say(`> ${name}`);
    if (body() === false) failures.failed.push(name);
  };

  const { env } = ensureRust();
  check("biome check", () => showNode("@biomejs/biome/bin/biome", ["check", "--error-on-warnings"]));
  check("cargo fmt --check", () => show("cargo", ["fmt", "--all", "--check"], { env }));
  const clippy = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
  check("cargo clippy", () => show("cargo", clippy, { env }));
  // Before tsc: the types of the wasm modules are in ts/wasm.
  const built = await tryBuild();
  if (built.failed.length > 0) return report(plus(failures, built));
  check("tsc of ts, test and bench", () => showNode("typescript/bin/tsc", ["--noEmit"]));
  check("tsc of scripts", () => showNode("typescript/bin/tsc", ["--noEmit", "-p", "scripts"]));
  const script = (/** @type {string} */ name) => show(process.execPath, [join(ROOT, "scripts", name)]);
  check("knip: unused files, exports and packages", () =>
    showNode("knip/bin/knip.js", ["--no-progress", "--treat-config-hints-as-errors"]),
  );
  check("publint, arethetypeswrong", () => script("published.mjs"));
  check("size-limit", () => script("sizes.mjs"));
  check("typedoc", () => showNode("typedoc/bin/typedoc", ["--logLevel", "Warn"]));
  return report(plus(failures, await runTests(process.argv.slice(2))));
});
