// The reachable files of the package: only these are published.
import { readFileSync } from "node:fs";
import { posix } from "node:path";
import ts from "typescript";

/**
 * The files that a package's entries reach, by imports and by URLs relative to modules.
 * @param {ReadonlyMap<string, string>} files where each is, by its path in `dist`
 * @param {{ exports: object, bin: object, browser: object }} manifest package.json
 * @returns {Set<string>} paths in `dist`
 */
export function reachable(files, manifest) {
  /** @type {Set<string>} */
  const found = new Set();
  const visit = (/** @type {string} */ file) => {
    const source = files.get(file);
    if (source === undefined || found.has(file)) return;
    found.add(file);
    for (const next of named(file, source)) visit(next);
  };
  for (const file of entries(manifest, [...files.keys()])) visit(file);
  return found;
}

/**
 * The entries in package.json. A pattern matches files except types, which must be imported by others.
 * @param {{ exports: object, bin: object, browser: object }} manifest
 * @param {readonly string[]} files
 */
function entries({ exports, bin, browser }, files) {
  const names = [exports, bin, browser].flatMap(leaves).filter((name) => /^(\.\/)?dist\//.test(name));
  return names.flatMap((name) => {
    const [before = "", after] = name.replace(/^(\.\/)?dist\//, "").split("*");
    if (after === undefined) return [before];
    return files.filter((file) => file.startsWith(before) && file.endsWith(after) && !/\.(d\.ts|js)$/.test(file));
  });
}

/**
 * @param {unknown} value
 * @returns {string[]} the texts in it
 */
const leaves = (value) => (typeof value === "string" ? [value] : Object.values(value ?? {}).flatMap(leaves));

/**
 * The files that a file refers to.
 * @param {string} file
 * @param {string} path where it is
 */
function named(file, path) {
  const isTypes = /\.d\.m?ts$/.test(file);
  if (!isTypes && !/\.m?js$/.test(file)) return [];
  const kind = isTypes ? ts.ScriptKind.TS : ts.ScriptKind.JS;
  const source = ts.createSourceFile(file, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, false, kind);
  /** @type {string[]} */
  const names = [];
  const visit = (/** @type {ts.Node} */ node) => {
    const name = namedBy(node);
    if (name !== undefined && ts.isStringLiteralLike(name) && name.text.startsWith(".")) names.push(name.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return names.map((name) => posix.join(posix.dirname(file), isTypes ? name.replace(/\.(m?)js$/, ".d.$1ts") : name));
}

/**
 * The expression for a file's name in a node that may contain one.
 * @param {ts.Node} node
 * @returns {ts.Node | undefined}
 */
function namedBy(node) {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isImportTypeNode(node)) return ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined;
  if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) return undefined;
  // URLs relative to modules; `at` makes those of Node's scripts, in ts/platform/nodeScripts.ts.
  const { kind } = node.expression;
  const isUrl = ts.isIdentifier(node.expression) && ["URL", "at"].includes(node.expression.text);
  return kind === ts.SyntaxKind.ImportKeyword || isUrl ? node.arguments?.[0] : undefined;
}
