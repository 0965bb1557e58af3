import type { Tokenizer } from "../../tokenizers/tokenizer.js";
import type { TextTask, TextWindow } from "../tasks/task.js";
import { type Blocks, DocumentBlocks, PackedBlocks } from "./blocks.js";
import type { HeldWindows } from "./evaluate.js";
import type { SectionReader } from "./segments.js";
import type { TokenFile } from "./tokenFile.js";

/** Reads tokens as windows. */
export type ToWindow = (words: Int32Array) => TextWindow;

/** How the words of a file of tokens become windows. `wholeWords`: whether tokens know where words begin. */
export function windowsOf({ hasWords }: TokenFile, tokenizer: Tokenizer, wholeWords: boolean): ToWindow {
  if (hasWords) return (words) => ({ ids: words.map((word) => word >>> 1), continues: (at) => (words[at]! & 1) === 1 });
  if (!wholeWords) return (ids) => ({ ids });
  const prefix = tokenizer.continuingSubwordPrefix;
  const inner = new Uint8Array(tokenizer.vocabSize);
  for (const [token, id] of tokenizer.getVocab()) if (token.startsWith(prefix) && token !== prefix) inner[id] = 1;
  return (ids) => ({ ids, continues: (at) => inner[ids[at]!] === 1 });
}

/** Training text as blocks of the length of a task. */
export const blocksOf = (text: SectionReader, task: TextTask, packing: boolean, seed: number): Promise<Blocks> =>
  packing
    ? Promise.resolve(new PackedBlocks(text, Math.min(task.window, text.length), seed))
    : DocumentBlocks.open(text, task.window, task.least);

/** Held-out text as windows: packed, so that a causal model guesses each token but the first once; or documents. */
export async function heldWindows(
  text: SectionReader,
  task: TextTask,
  packing: boolean,
  toWindow: ToWindow,
): Promise<HeldWindows> {
  if (!packing) {
    const blocks = await DocumentBlocks.open(text, task.window, task.least);
    const read = async (index: number) => toWindow(await blocks.read(index));
    return { count: blocks.count, length: task.window, read };
  }
  const length = Math.min(task.window, text.length);
  const stride = task.stride(length);
  return {
    count: Math.ceil((text.length - 1) / stride),
    length,
    read: async (index) => toWindow(await text.tokens(index * stride, Math.min(index * stride + length, text.length))),
    text: text.section,
  };
}
