import { join } from "node:path";
import ts from "typescript";
import { ROOT } from "../process.js";

/** Entries of the package, by the files that they are made of. */
const ENTRIES = ["index", "train/index", "session/index", "nn/index", "vite", "inline"];

/** A function of the package that takes an object of its own: `RoFormer.load`, `new AdamW`, `metrics.bleu`. */
export interface Taking {
  readonly path: string;
  /** The interface of the object. */
  readonly type: string;
  /** Its fields. */
  readonly names: readonly string[];
}

const { options } = ts.parseJsonConfigFileContent(
  ts.readConfigFile(join(ROOT, "tsconfig.json"), ts.sys.readFile).config,
  ts.sys,
  ROOT,
);
const files = ENTRIES.map((name) => join(ROOT, "ts", `${name}.ts`));
const program = ts.createProgram(files, { ...options, stripInternal: true });
const checker = program.getTypeChecker();
const found = new Map<string, Taking>();

const isOurs = ({ declarations = [] }: ts.Symbol): boolean =>
  declarations.some((one) => /\/ts\/(?!wasm\/)/.test(one.getSourceFile().fileName.replaceAll("\\", "/")));

/** Not for users: private, protected, `#name`, `@internal`. */
function isHidden(symbol: ts.Symbol): boolean {
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
  return (symbol.declarations ?? []).some(
    (one) =>
      ts.getCombinedModifierFlags(one) & hidden ||
      ts.getJSDocTags(one).some((tag) => tag.tagName.text === "internal") ||
      ((one as ts.NamedDeclaration).name && ts.isPrivateIdentifier((one as ts.NamedDeclaration).name!)),
  );
}

/** The interface that a parameter's type is, or is cut from; undefined for classes, functions, lists and what is not ours. */
function interfaceOf(type: ts.Type): ts.Symbol | undefined {
  const [cut] = type.aliasTypeArguments ?? [];
  if (cut && ["Omit", "Pick"].includes(type.aliasSymbol?.name ?? "")) return interfaceOf(cut);
  const symbol = type.getSymbol();
  if (!symbol || !isOurs(symbol) || type.getCallSignatures().length > 0) return undefined;
  return symbol.flags & (ts.SymbolFlags.Interface | ts.SymbolFlags.TypeLiteral) ? symbol : undefined;
}

function takeSignature(path: string, signature: ts.Signature): void {
  for (const parameter of signature.getParameters()) {
    const type = checker.getNonNullableType(checker.getTypeOfSymbol(parameter));
    const constraint = type.flags & ts.TypeFlags.Instantiable ? checker.getBaseConstraintOfType(type) : type;
    for (const one of constraint?.isUnion() ? constraint.types : [constraint!]) {
      const symbol = interfaceOf(one);
      const taken = symbol && { path, type: symbol.name, names: one.getProperties().map(({ name }) => name) };
      if (taken) found.set(`${path} ${taken.type}`, taken);
    }
  }
}

function takeMember(path: string, symbol: ts.Symbol, depth: number): void {
  if (!isHidden(symbol)) takeType(path, checker.getTypeOfSymbol(symbol), depth);
}

function takeType(path: string, type: ts.Type, depth: number): void {
  for (const signature of type.getCallSignatures()) takeSignature(path, signature);
  if (depth === 0 || type.getCallSignatures().length > 0) return;
  const own = type.getProperties().filter((one) => isOurs(one));
  for (const property of own) takeMember(`${path}.${property.name}`, property, depth - 1);
}

function takeClass(name: string, symbol: ts.Symbol): void {
  const statics = checker.getTypeOfSymbol(symbol);
  for (const signature of statics.getConstructSignatures()) {
    const { declaration } = signature;
    const isPrivate = declaration && ts.getCombinedModifierFlags(declaration) & ts.ModifierFlags.Private;
    const isInternal = declaration && ts.getJSDocTags(declaration).some((tag) => tag.tagName.text === "internal");
    if (!isPrivate && !isInternal) takeSignature(`new ${name}`, signature);
  }
  for (const one of statics.getProperties()) if (one.name !== "prototype") takeMember(`${name}.${one.name}`, one, 0);
  for (const one of checker.getDeclaredTypeOfSymbol(symbol).getProperties()) takeMember(`${name}.${one.name}`, one, 0);
}

function takeExport(name: string, exported: ts.Symbol): void {
  const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
  if (symbol.flags & ts.SymbolFlags.Class) takeClass(name, symbol);
  else if (symbol.flags & ts.SymbolFlags.Interface) {
    for (const one of checker.getDeclaredTypeOfSymbol(symbol).getProperties())
      takeMember(`${name}.${one.name}`, one, 0);
  } else if (symbol.flags & ts.SymbolFlags.ValueModule) {
    for (const one of checker.getExportsOfModule(symbol)) takeExport(`${name}.${one.name}`, one);
  } else if (symbol.flags & ts.SymbolFlags.Value) takeType(name, checker.getTypeOfSymbol(symbol), 2);
}

for (const file of files) {
  const module = checker.getSymbolAtLocation(program.getSourceFile(file)!)!;
  for (const one of checker.getExportsOfModule(module)) {
    takeExport(one.name === "default" ? "roformer" : one.name, one);
  }
}

/** Every function of every entry that takes an object of an interface of ours, with the object's fields. */
export const takings: readonly Taking[] = [...found.values()];
