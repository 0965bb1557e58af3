// Checks the packed package: publint for package.json and files, arethetypeswrong for types.
// `node scripts/published.mjs`, with dist built.
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { filterProblems, problemKindInfo } from "@arethetypeswrong/core/problems";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { pack } from "./npm.mjs";
import { runMain, Stop, say } from "./say.mjs";

/** Ignored findings of publint, with reasons. A stale entry is an error. */
const NOT_FOLLOWED = {
  // `imports` would need a separate name in every module that imports the platform; the same bundlers read "browser".
  USE_EXPORTS_OR_IMPORTS_BROWSER: "pkg.browser is an object",
};

/** The package is ESM only: CommonJS and resolution without "exports" are not supported. */
const RESOLUTIONS = /** @type {const} */ (["node16-esm", "bundler"]);

/** @param {Uint8Array<ArrayBuffer>} tarball */
async function publintFindings(tarball) {
  const { messages, pkg } = await publint({ pack: { tarball: tarball.buffer }, strict: true });
  const known = Object.keys(NOT_FOLLOWED);
  const stale = known.filter((code) => !messages.some((message) => message.code === code));
  return [
    ...messages
      .filter(({ code }) => !known.includes(code))
      .map((message) => `publint: ${formatMessage(message, pkg, { color: false })}`),
    ...stale.map((code) => `publint no longer reports ${code}: remove it from ${import.meta.filename}`),
  ];
}

/** @param {Uint8Array} tarball */
async function typeFindings(tarball) {
  const analysis = await checkPackage(createPackageFromTarballData(tarball));
  if (analysis.types === false) return ["arethetypeswrong: the package has no types"];
  const found = RESOLUTIONS.flatMap((resolutionKind) =>
    filterProblems(analysis, { resolutionKind }).map((problem) => {
      const { trace: _, ...where } = { trace: [], ...problem };
      return `arethetypeswrong (${resolutionKind}): ${problemKindInfo[problem.kind].shortDescription}: ${JSON.stringify(where)}`;
    }),
  );
  // Counts the entries that were checked at all.
  const checked = Object.values(analysis.entrypoints).filter(({ resolutions }) =>
    RESOLUTIONS.every((kind) => resolutions[kind].resolution !== undefined),
  );
  say(`  arethetypeswrong: ${checked.length} entries have types`);
  return found;
}

await runMain(async () => {
  const { name, bytes } = pack();
  say(`  ${name}: ${bytes.length} bytes`);
  const tarball = new Uint8Array(bytes);
  const findings = [...(await publintFindings(tarball)), ...(await typeFindings(tarball))];
  if (findings.length > 0) throw new Stop(findings.join("\n"));
  return 0;
});
