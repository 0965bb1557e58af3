// Writes NOTICES.md: the crates in the .wasm files and the packages in the scripts, with their licenses,
// and the texts of licenses that must be included. Run it when Cargo.lock or a version of VENDORS changes: node scripts/notices.mjs
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { BROUGHT, VENDORS } from "./javascript.mjs";
import { ROOT } from "./processes.mjs";

/**
 * A crate in the output of `cargo metadata`.
 * @typedef {{ id: string, name: string, version: string, license: string, repository?: string, source: string | null,
 *   manifest_path: string, targets: { kind: string[] }[] }} Crate
 * @typedef {{ id: string, deps: { pkg: string, dep_kinds: { kind: string | null }[] }[] }} Node
 */

/**
 * Whether a crate is a procedural macro, which leaves no code in the module.
 * @param {Crate} crate
 */
const isMacro = (crate) => crate.targets.some(({ kind }) => kind.includes("proc-macro"));

/**
 * All crates that the modules link.
 * @returns {Crate[]}
 */
function linkedCrates() {
  const args = ["metadata", "--locked", "--format-version", "1", "--filter-platform", "wasm32-unknown-unknown"];
  /** @type {{ packages: Crate[], resolve: { nodes: Node[] }, workspace_members: string[] }} */
  const metadata = JSON.parse(execFileSync("cargo", args, { cwd: ROOT, encoding: "utf8", maxBuffer: 1 << 28 }));
  const packages = new Map(metadata.packages.map((crate) => [crate.id, crate]));
  const nodes = new Map(metadata.resolve.nodes.map((node) => [node.id, node]));
  /** @type {Set<string>} */
  const seen = new Set();
  const found = /** @param {string} id */ (id) => /** @type {Crate} */ (packages.get(id));
  const visit = /** @param {string} id */ (id) => {
    if (seen.has(id) || isMacro(found(id))) return;
    seen.add(id);
    const links = /** @type {Node} */ (nodes.get(id)).deps.filter(({ dep_kinds }) =>
      dep_kinds.some(({ kind }) => kind === null),
    );
    for (const { pkg } of links) visit(pkg);
  };
  for (const id of metadata.workspace_members.filter((id) => packages.get(id)?.name !== "glue")) visit(id); // a tool
  return [...seen].map(found).filter(({ source }) => source !== null);
}

/**
 * The license texts that a crate requires; among alternatives, Apache-2.0 is chosen, whose text is LICENSE.
 * @param {Crate} crate
 */
function texts(crate) {
  if (/Apache-2\.0/.test(crate.license) && !/ AND /.test(crate.license)) return [];
  return licensesIn(dirname(crate.manifest_path));
}

/** @param {string} folder */
const licensesIn = (folder) =>
  readdirSync(folder)
    .filter((name) => /^(licen[cs]e|copying|unlicense)/i.test(name))
    .sort()
    .map((name) => readFileSync(join(folder, name), "utf8").replaceAll("\r\n", "\n").trim());

/**
 * A package whose code is in dist/vendor, in the scripts of workers and in inline.js.
 * @param {string} path the package's name, or that of an export of it
 */
function vendored(path) {
  const name = path.replace(/^((?:@[^/]+\/)?[^/]+)\/.*/, "$1");
  const folder = join(ROOT, "node_modules", name);
  const { version, license, repository } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const source = repository.url.replace(/^git\+/, "").replace(/\.git$/, "");
  const text = licensesIn(folder)[0] ?? licenseAbove(folder, name);
  if (text === undefined) throw new Error(`node_modules/${name} has no license file`);
  return { name, text, row: `| ${name} ${version} | ${license} | ${source} |` };
}

/**
 * Files of packages without a license file that have the license's text in comments; the rest of the package is under Apache-2.0.
 * @type {Readonly<Record<string, string>>}
 */
const ABOVE = { "@bufbuild/protobuf": "dist/esm/wire/varint.js" };

/**
 * The comment at the beginning of a package's file.
 * @param {string} folder
 * @param {string} name
 */
function licenseAbove(folder, name) {
  const file = ABOVE[name];
  const lines = file === undefined ? [] : readFileSync(join(folder, file), "utf8").split("\n");
  const end = lines.findIndex((line) => !line.startsWith("//"));
  return lines.length === 0
    ? undefined
    : lines
        .slice(0, end)
        .map((line) => line.replace(/^\/\/ ?/, ""))
        .join("\n")
        .trim();
}

/** Copyright holders of works under the MIT license without a license file in their crate. */
const HOLDERS = {
  "jieba-rs": "2018 messense",
  "jieba, whose dictionary jieba.txt.gz holds (https://github.com/fxsjy/jieba)": "2013 Sun Junyi",
};

const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.`;

const crates = linkedCrates().sort((a, b) => (a.name < b.name ? -1 : 1));
const rows = crates.map(
  ({ name, version, license, repository }) => `| ${name} ${version} | ${license} | ${repository ?? ""} |`,
);
const section = (/** @type {string} */ name, /** @type {string} */ text) => `### ${name}\n\n\`\`\`\n${text}\n\`\`\``;
const packages = [...Object.keys(VENDORS), ...BROUGHT].sort().map(vendored);
const shown = [
  ...packages.map(({ name, text }) => section(name, text)),
  ...crates.flatMap((crate) => texts(crate).map((text) => section(crate.name, text))),
  ...Object.entries(HOLDERS).map(([name, holder]) => section(name, `MIT License\n\nCopyright (c) ${holder}\n\n${MIT}`)),
];
const head = `# Notices

The \`.wasm\` files contain code of these crates. If a crate offers several licenses, Apache-2.0 is chosen; its text is
in [LICENSE](LICENSE). Made by \`node scripts/notices.mjs\`.

| crate | license | source |
|---|---|---|
${rows.join("\n")}

\`dist/vendor\`, the scripts of workers (\`dist/session/worker.js\`, \`dist/session/browserWorker.js\`) and \`dist/inline.js\` contain code of
these packages, without unused parts.

| package | license | source |
|---|---|---|
${packages.map(({ row }) => row).join("\n")}
`;
writeFileSync(join(ROOT, "NOTICES.md"), `${head}\n## License texts\n\n${shown.join("\n\n")}\n`);
console.log(`NOTICES.md: ${crates.length} crates, ${packages.length} packages, ${shown.length} texts`);
