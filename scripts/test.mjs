// Builds what has changed and runs every test. Arguments go to vitest: `npm test -- test/ops`, `npm test -- -t rope`.
import { requireNode } from "./node.mjs";
import { runMain } from "./say.mjs";

await runMain(async () => {
  requireNode();
  const { runTests, tryBuild } = await import("./suites.mjs");
  const { report } = await import("./tally.mjs");
  const built = await tryBuild();
  return report(built.failed.length > 0 ? built : await runTests(process.argv.slice(2)));
});
