// A reporter for vitest that writes the results to a file for vitest-tests.mjs.
import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import { ROOT } from "./processes.mjs";
import { nothing } from "./tally.mjs";

/** Writes to the file that $ROFORMER_TALLY names. */
export default class TallyReporter {
  /** @type {RegExp | undefined} */
  #asked;
  /** Files that began and did not end: where a worker dies, one of them was its.
   * @type {Set<string>} */
  #open = new Set();

  /** @param {import("vitest/node").Vitest} vitest */
  onInit(vitest) {
    this.#asked = vitest.config.testNamePattern;
  }

  /** @param {import("vitest/node").TestModule} module */
  onTestModuleQueued(module) {
    this.#open.add(module.moduleId);
  }

  /** @param {import("vitest/node").TestModule} module */
  onTestModuleEnd(module) {
    this.#open.delete(module.moduleId);
  }

  /**
   * @param {ReadonlyArray<import("vitest/node").TestModule>} modules
   * @param {ReadonlyArray<{ message?: string }>} unhandled
   */
  onTestRunEnd(modules, unhandled) {
    const tally = nothing();
    for (const module of modules) countModule(module, this.#asked, tally);
    // Errors outside any test make vitest fail, so they must count.
    const open = [...this.#open].map((file) => relative(ROOT, file)).join(", ");
    const within = open === "" ? "" : ` (within ${open})`;
    for (const error of unhandled)
      tally.failed.push(`outside any test: ${error.message?.split("\n")[0] ?? "an unhandled error"}${within}`);
    const file = process.env.ROFORMER_TALLY;
    if (file) writeFileSync(file, JSON.stringify(tally));
  }
}

/**
 * @param {import("vitest/node").TestModule} module
 * @param {RegExp | undefined} asked the names that `-t` asks for: others are not run and do not count as skipped
 * @param {import("./tally.mjs").Tally} tally grows
 */
function countModule(module, asked, tally) {
  const file = relative(ROOT, module.moduleId).replaceAll("\\", "/");
  const failedBefore = tally.failed.length;
  for (const test of module.children.allTests()) {
    const result = test.result();
    const name = `${file}: ${test.fullName}`;
    if (asked && !asked.test(test.fullName.replaceAll(" > ", " "))) continue;
    if (result.state === "passed") tally.passed += 1;
    if (result.state === "failed") tally.failed.push(name);
    if (result.state === "skipped") tally.skipped.push(`${name}: ${result.note ?? reasonOf(test)}`);
    if (result.state === "pending") tally.failed.push(`${name}: it did not run`);
  }
  // A file that does not load, or whose hooks fail, may have no test to blame.
  if (module.state() === "failed" && tally.failed.length === failedBefore) tally.failed.push(file);
}

/**
 * A generic reason: `it.skipIf` does not take one.
 * @param {import("vitest/node").TestCase} test
 */
function reasonOf(test) {
  return test.options.mode === "todo" ? "not written yet" : "its condition does not hold here";
}
