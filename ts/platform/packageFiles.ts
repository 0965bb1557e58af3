import type { Inlined } from "./inlined.js";

/** A file of the package: its URL, or its contents in the inlined build. */
export type PackageFile = URL | Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>;

/**
 * The package's files other than JavaScript. Each name is one whole literal, which bundlers recognize. All files of
 * `ts` and of `dist` are one folder deep, so the paths are the same in both.
 */
export const packageFiles = {
  simd: (): PackageFile => new URL("../wasm/simd/core_bg.wasm", import.meta.url),
  relaxed: (): PackageFile => new URL("../wasm/relaxed/core_bg.wasm", import.meta.url),
  "simd-threads": (): PackageFile => new URL("../wasm/simd-threads/core_bg.wasm", import.meta.url),
  "relaxed-threads": (): PackageFile => new URL("../wasm/relaxed-threads/core_bg.wasm", import.meta.url),
  tokenizer: (): PackageFile => new URL("../wasm/tokenizer/tokenizer_bg.wasm", import.meta.url),
  dictionary: (): PackageFile => new URL("../wasm/tokenizer/jieba.txt.gz", import.meta.url),
};

/** The files to send to workers, which cannot find them: all in the inlined build, else none. */
export const inlined: Inlined | undefined = undefined;

/** Receives the files in a worker of the inlined build. */
export function takeInlined(_files: Inlined): void {}
