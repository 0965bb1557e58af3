import { EngineError } from "../../errors.js";
import { errorReason } from "../../io/reasons.js";
import { type PackageFile, packageFiles, platform, shownAddress } from "../../platform/index.js";

/** Where a wasm module comes from: its address, an answer to a request for it, its bytes, or itself. */
export type WasmSource = URL | Response | BufferSource | WebAssembly.Module;

/** Modules of the package by their names in `packageFiles`, compiled. */
export type CompiledModules = Map<string, WebAssembly.Module>;

let shared: CompiledModules = new Map();
let tell: (name: string, module: WebAssembly.Module) => void = () => undefined;

/** Takes modules that another thread has compiled, and hands on what this one compiles. */
export function shareModules(modules: CompiledModules, hear: typeof tell): void {
  [shared, tell] = [modules, hear];
}

/** A module of the package. Errors: EngineError, made by `refuse`, if it cannot be read or compiled. */
export async function compilePackaged(
  name: keyof typeof packageFiles,
  refuse = unreadable,
): Promise<WebAssembly.Module> {
  const known = shared.get(name);
  if (known) return known;
  const module = await compile(packageFiles[name](), refuse);
  tell(name, module);
  return module;
}

let tokenizerWasm: WasmSource | undefined;

/** Says where the tokenizers' module comes from; counts before the first tokenizer. */
export function giveTokenizerWasm(source: WasmSource): void {
  tokenizerWasm = source;
}

/** The tokenizers' module. Errors: EngineError if it cannot be read or compiled. */
export const compileTokenizer = (): Promise<WebAssembly.Module> =>
  tokenizerWasm === undefined
    ? compilePackaged("tokenizer", unreadableTokenizer)
    : compile(tokenizerWasm, unreadableTokenizer);

/** A compiled module. Errors: EngineError, made by `refuse`, if it cannot be read or compiled. */
export async function compile(source: WasmSource | PackageFile, refuse = unreadable): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  try {
    return await WebAssembly.compile(await bytesOf(source));
  } catch (error) {
    throw refuse(error);
  }
}

async function bytesOf(source: URL | Response | BufferSource | PackageFile): Promise<BufferSource> {
  if (source instanceof URL) return platform.readPackageFile(source);
  if (isResponse(source)) return bytesOfResponse(source);
  const bytes = await source;
  if (bytes instanceof ArrayBuffer || ArrayBuffer.isView(bytes)) return bytes as BufferSource;
  throw new Error(`${String(bytes)} is not a URL, Response, buffer or WebAssembly.Module`);
}

const isResponse = (source: unknown): source is Response =>
  typeof Response !== "undefined" && source instanceof Response;

async function bytesOfResponse(response: Response): Promise<ArrayBuffer> {
  if (!response.ok) throw new Error(`${shownAddress(response.url)}: the server answered ${response.status}`);
  return response.arrayBuffer();
}

/** A source as it can be sent to a worker. */
export type SentWasm = string | BufferSource | WebAssembly.Module;

/** A source as it can be sent to a worker: a URL is its text. Errors: EngineError for an answer that is not a success. */
export async function sendable(source: WasmSource): Promise<SentWasm> {
  if (typeof source === "string") throw unreadable(new Error(`${JSON.stringify(source)} is a text: give a URL`));
  if (source instanceof URL) return source.href;
  return isResponse(source)
    ? bytesOfResponse(source).catch((error) => {
        throw unreadable(error);
      })
    : source;
}

/** What is thrown where a module of kernels cannot be had. */
export function unreadable(error: unknown, reason = errorReason(error)): EngineError {
  return new EngineError(`the wasm module could not be loaded: ${(error as Error).message}`, { cause: error, reason });
}

/** The same of the tokenizers' module; what was said already stays. */
export function unreadableTokenizer(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  const message = `the tokenizer module could not be loaded: ${(error as Error).message}`;
  return new EngineError(message, { cause: error, reason: errorReason(error) });
}
