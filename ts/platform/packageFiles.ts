import type { Inlined } from "./inlined.js";

/** A file that the package brings: where it is, or what it holds (in the inlined build). */
export type PackageFile = URL | Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>;

/**
 * What the package brings beside its JavaScript. Each file is named in one whole literal: that is what bundlers recognise. All of
 * `ts` and of `dist` stands one folder deep, so the paths hold in either.
 */
export const packageFiles = {
  simd: (): PackageFile => new URL("../wasm/simd/core_bg.wasm", import.meta.url),
  relaxed: (): PackageFile => new URL("../wasm/relaxed/core_bg.wasm", import.meta.url),
  "simd-threads": (): PackageFile => new URL("../wasm/simd-threads/core_bg.wasm", import.meta.url),
  "relaxed-threads": (): PackageFile => new URL("../wasm/relaxed-threads/core_bg.wasm", import.meta.url),
  tokenizer: (): PackageFile => new URL("../wasm/tokenizer/tokenizer_bg.wasm", import.meta.url),
  dictionary: (): PackageFile => new URL("../wasm/tokenizer/jieba.txt.gz", import.meta.url),
};

/** What a worker has to be given, since it finds no files: of the inlined build all of them, else nothing. */
export const inlined: Inlined | undefined = undefined;

/** Takes files as a worker of the inlined build is given them; others find theirs. */
export function takeInlined(_files: Inlined): void {}
