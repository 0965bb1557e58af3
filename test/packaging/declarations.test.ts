import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { ROOT } from "../process.js";

const ENTRIES = ["index", "train/index", "session/index", "nn/index", "vite", "inline"];
const files = ENTRIES.map((name) => join(ROOT, "dist", `${name}.d.ts`));
const program = ts.createProgram(files, {
  ...{ strict: true, noEmit: true, skipLibCheck: true, target: ts.ScriptTarget.ES2022, types: ["node"] },
  ...{ module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext },
});
const checker = program.getTypeChecker();

/** Declarations where nothing better can be said than `unknown`, and why. */
const UNKNOWN: Readonly<Record<string, string>> = {
  AlternativeScores: "its settings hold whatever the options hold",
  BestSettings: "its settings hold whatever the options hold",
  ComparedRun: "its settings hold whatever the options hold, its metrics those of any task",
  PooledScores: "its metrics are those of any task",
  FamilyConfig: "fields of config.json that the library does not know are kept, whatever they hold",
  FamilyConfigInput: "fields of config.json that the library does not know are kept, whatever they hold",
  Pipeline: "of its options the names alone are said here",
  RoFormerExtensionInput: "fields of roformer_js that the library does not know are kept, whatever they hold",
  RunOptions: 'what a listener of evaluations returns counts only if it is "stop"',
  RunRecord: "its settings hold whatever the options hold",
  RopeBase: "fields of rope_parameters that the library does not know are kept, whatever they hold",
  Row: "columns of JSON hold whatever stands in the file",
  UnsavedError: "its result is of any function: the type is a parameter, whose default says nothing",
  ShapeError: "an error tells what was found, which may be anything",
};

/** The declarations of all that the entries export, and of what these name in turn, by name. */
function reachable(): Map<string, ts.Declaration[]> {
  const found = new Map<string, ts.Declaration[]>();
  const take = (symbol: ts.Symbol): void => {
    const real = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    const own = (real.declarations ?? []).filter((one) => one.getSourceFile().fileName.includes("/dist/"));
    if (own.length === 0 || found.get(real.name)?.includes(own[0]!)) return;
    if (real.flags & ts.SymbolFlags.ValueModule) {
      for (const one of checker.getExportsOfModule(real)) take(one);
      return;
    }
    found.set(real.name, [...(found.get(real.name) ?? []), ...own]);
    for (const one of own) visit(one);
  };
  const visit = (node: ts.Node): void => {
    if (isPrivate(node)) return;
    if (ts.isTypeReferenceNode(node) || ts.isExpressionWithTypeArguments(node)) {
      const symbol = checker.getSymbolAtLocation(ts.isTypeReferenceNode(node) ? node.typeName : node.expression);
      if (symbol && !(symbol.flags & ts.SymbolFlags.TypeParameter)) take(symbol);
    }
    ts.forEachChild(node, visit);
  };
  for (const file of files) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(file)!)!;
    for (const one of checker.getExportsOfModule(module)) take(one);
  }
  return found;
}

const isPrivate = (node: ts.Node): boolean =>
  ts.canHaveModifiers(node) && !!ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword);

/** Whether a declaration says `unknown` or `any`; not where that only bounds a type, as in `T extends unknown`. */
function saysNothing(node: ts.Node): boolean {
  if (isPrivate(node)) return false;
  if (node.kind === ts.SyntaxKind.UnknownKeyword || node.kind === ts.SyntaxKind.AnyKeyword)
    return !ts.isConditionalTypeNode(node.parent);
  return ts.forEachChild(node, saysNothing) ?? false;
}

const declared = reachable();

/** The documentation of a member of an exported class or interface, with its tags. */
function documentation(entry: string, name: string, member?: string): { text: string; tags: readonly string[] } {
  const module = checker.getSymbolAtLocation(program.getSourceFile(join(ROOT, "dist", `${entry}.d.ts`))!)!;
  const exported = checker.getExportsOfModule(module).find((one) => one.name === name)!;
  const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
  const statics = symbol.exports?.get(member as ts.__String);
  const own = member === undefined ? symbol : (statics ?? checker.getDeclaredTypeOfSymbol(symbol).getProperty(member)!);
  const text = ts.displayPartsToString(own.getDocumentationComment(checker));
  return { text, tags: own.getJsDocTags(checker).map((tag) => tag.name) };
}

describe("the declarations", { timeout: 60_000 }, () => {
  it("say what things are: unknown and any only where nothing better can be said", () => {
    const saying = [...declared].filter(([, all]) => all.some(saysNothing)).map(([name]) => name);
    expect(saying.sort()).toEqual(Object.keys(UNKNOWN).sort());
    expect(declared.size).toBeGreaterThan(200);
  });

  it.each([
    ["index", "RoFormer", "load"],
    ["index", "RoFormer", "create"],
    ["index", "RoFormer", "classify"],
    ["index", "RoFormer", "embed"],
    ["index", "RoFormer", "save"],
    ["index", "Tokenizer", "load"],
    ["train/index", "finetune"],
    ["train/index", "pretrain"],
    ["session/index", "createSession"],
    ["session/index", "createPool"],
    ["session/index", "Session", "load"],
    ["session/index", "Pool", "load"],
  ])("show an example and the errors of %s %s %s", (entry, name, ...members: string[]) => {
    expect(documentation(entry, name, members[0]).tags).toEqual(expect.arrayContaining(["example", "throws"]));
  });

  it.each([
    ["Session", "load", "RoFormer", "load"],
    ["Session", "create", "RoFormer", "create"],
    ["Pool", "load", "RoFormer", "load"],
    ...["classify", "embed", "search", "fillMask", "tagTokens", "answer", "choose", "forward"].flatMap((method) => [
      ["SessionModel", method, "RoFormer", method],
      ["PoolModel", method, "RoFormer", method],
    ]),
  ])("say of %s.%s what they say of %s.%s", (name, member, mainName, mainMember) => {
    const main = documentation("index", mainName!, mainMember);
    const own = documentation("session/index", name!, member);
    const [first = ""] = main.text.split(/[.:,]/); // up to where they may differ
    expect(first.length).toBeGreaterThan(12);
    expect(own.text).toContain(first.slice(0, 50));
    expect(own.tags).toEqual(expect.arrayContaining(main.tags.filter((tag) => tag === "throws")));
  });
});
