import { beforeAll, describe, expect, it } from "vitest";
import { Philox } from "../../../ts/random/philox.js";
import { Tokenizer } from "../../../ts/tokenizers/tokenizer.js";
import { mlm } from "../../../ts/train/tasks/mlm.js";
import type { TextWindow } from "../../../ts/train/tasks/task.js";
import { windowsOf } from "../../../ts/train/text/windows.js";
import { filesOf } from "../../tokenizers/small.js";

const SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
const load = (words: readonly string[], config: object = {}) =>
  Tokenizer.load(
    filesOf({
      "vocab.txt": [...SPECIALS, ...words].map((word) => `${word}\n`).join(""),
      "tokenizer_config.json": config,
    }),
  );
/** 200 words, and 200 pieces that continue one. */
const WORDS = Array.from({ length: 200 }, (_, i) => [`w${i}`, `##p${i}`]).flat();
const MASK = 4;

let tokenizer: Tokenizer;
beforeAll(async () => {
  tokenizer = await load(WORDS);
});

/** Windows of words of one to four pieces, as ids, and where each word begins. */
function windows(count: number, seed: number): { ids: Int32Array; words: number[] }[] {
  const random = new Philox(seed, 0);
  return Array.from({ length: count }, () => {
    const [ids, words]: [number[], number[]] = [[], []];
    while (ids.length < 200) {
      words.push(ids.length);
      ids.push(5 + 2 * random.below(200));
      for (let more = random.below(4); more > 0; more--) ids.push(6 + 2 * random.below(200));
    }
    return { ids: Int32Array.from(ids), words };
  });
}

const file = { train: undefined as never, valid: undefined as never, hasWords: false };
/** Labels and inputs of each window, without [CLS] and [SEP]. */
function masked(texts: readonly TextWindow[], seed: number) {
  const { packed, targets } = mlm(300, tokenizer).batch(texts, new Philox(seed, 2));
  return texts.map(({ ids }, i) => {
    const from = packed.offsets[i]! + 1;
    const part = (all: ArrayLike<number>) => Array.from(all).slice(from, from + ids.length);
    return { labels: part(targets.tokens!), inputs: part(packed.tokens) };
  });
}

describe.each([false, true])("masks with whole words %s", (whole) => {
  const made = windows(300, 1);
  const all = () =>
    masked(
      made.map(({ ids }) => windowsOf(file, tokenizer, whole)(ids)),
      3,
    );

  it("hide 15 % of the tokens, of these 80 % behind [MASK] and 10 % behind any token", () => {
    const flat = all().flatMap(({ labels, inputs }, i) =>
      labels.map((label, at) => ({ label, input: inputs[at]!, id: made[i]!.ids[at]! })),
    );
    const hidden = flat.filter(({ label }) => label !== -100);
    // Some 60,000 tokens in 24,000 words, 9,000 tokens hidden: five standard deviations.
    expect(Math.abs(hidden.length / flat.length - 0.15)).toBeLessThan(whole ? 0.0125 : 0.0075);
    expect(hidden.every(({ label, id }) => label === id)).toBe(true);
    expect(flat.every(({ label, input, id }) => label !== -100 || input === id)).toBe(true);
    const share = (fits: (one: (typeof hidden)[number]) => boolean) => hidden.filter(fits).length / hidden.length;
    expect(Math.abs(share(({ input }) => input === MASK) - 0.8)).toBeLessThan(0.022);
    expect(Math.abs(share(({ input, id }) => input !== MASK && input !== id) - 0.1)).toBeLessThan(0.017);
    expect(Math.abs(share(({ input, id }) => input === id) - 0.1)).toBeLessThan(0.017);
  });

  it(whole ? "hide a word wholly or not at all" : "part words", () => {
    let [parted, hidden] = [0, 0];
    for (const [i, { labels }] of all().entries()) {
      const { words, ids } = made[i]!;
      for (const [j, begin] of words.entries()) {
        const own = labels.slice(begin, words[j + 1] ?? ids.length).map((label) => label !== -100);
        if (own.includes(true) && own.includes(false)) parted++;
        if (own.every((one) => one)) hidden++;
      }
    }
    expect(hidden).toBeGreaterThan(1000);
    expect(parted > 0).toBe(!whole);
  });

  it("follow from the seed", () => {
    const of = (seed: number) =>
      masked(
        made.slice(0, 3).map(({ ids }) => windowsOf(file, tokenizer, whole)(ids)),
        seed,
      );
    expect(of(1)).toEqual(of(1));
    expect(of(2)).not.toEqual(of(1));
  });
});

describe("words", () => {
  it("are jieba's where it cuts them: of those that the vocabulary lacks, the characters too", async () => {
    const words = [..."今天气非常好,a", "天气", "非常", "##b"];
    const chinese = await load(words, { tokenizer_class: "RoFormerTokenizer" });
    const [text, other] = ["今天天气非常好,AB", "好 天气今天天气"];
    const { ids, offsets } = chinese.encodeBatch([text, other], { addSpecialTokens: false });
    expect(Array.from(ids, (id) => chinese.idToToken(id)).join(" ")).toBe(
      "今 天 天 气 非常 好 , a ##b 好 天气 今 天 天 气",
    );
    // jieba 0.42: 今天天气 | 非常 | 好 | , | AB and 好 | 天气 | 今天天气.
    expect([...chinese.wordMarks([text, other])]).toEqual([0, 1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1]);
    expect([...offsets]).toEqual([0, 9, 15]);
    expect([chinese.cutsWords, tokenizer.cutsWords]).toEqual([true, false]);
  });
});
