import { dirname, posix } from "node:path";
import ts from "typescript";

/** What a module names: files of the package by their paths in it, and packages by their names. */
export interface References {
  readonly files: readonly string[];
  readonly packages: readonly string[];
}

/** What a JavaScript module or a declaration names by imports and by URLs beside itself; `path` is where it stands. */
export function references(path: string, text: string): References {
  const isTypes = /\.d\.m?ts$/.test(path);
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, false, isTypes ? undefined : ts.ScriptKind.JS);
  const found = new Set<string>();
  const visit = (node: ts.Node): void => {
    for (const name of namedBy(node)) found.add(name);
    ts.forEachChild(node, visit);
  };
  visit(source);
  const names = [...found].filter((name) => !name.startsWith("node:"));
  const types = (name: string) => (isTypes ? name.replace(/\.(m?)js$/, ".d.$1ts") : name);
  return {
    files: names.filter(isRelative).map((name) => posix.join(dirname(path), types(name))),
    packages: names.filter((name) => !isRelative(name)).map(packageOf),
  };
}

/** `@a/b` of `@a/b/c`, and `a` of `a/b`. */
const packageOf = (name: string): string => /^(@[^/]+\/)?[^/]+/.exec(name)![0];

const isRelative = (name: string): boolean => name.startsWith(".");

function namedBy(node: ts.Node): string[] {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return literal(node.moduleSpecifier);
  if (ts.isImportTypeNode(node)) return ts.isLiteralTypeNode(node.argument) ? literal(node.argument.literal) : [];
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
    return literal(node.arguments[0]);
  // `at` is what ts/platform/nodeScripts.ts calls `new URL(…, import.meta.url)`.
  const isUrl = ts.isNewExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === "URL";
  const isAt = ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === "at";
  return isUrl || isAt ? literal(node.arguments?.[0]).filter(isRelative) : [];
}

const literal = (node: ts.Node | undefined): string[] =>
  node !== undefined && ts.isStringLiteralLike(node) ? [node.text] : [];
