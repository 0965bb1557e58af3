import fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import { engine, init } from "../../ts/engine/engine.js";
import { RoFormer, type RoFormerConfigInput } from "../../ts/index.js";
import { IGNORED } from "../../ts/nn/index.js";
import { type Packed, pack } from "../../ts/nn/packed.js";
import { threaded } from "../../ts/wasm/glue.js";
import { needThreads } from "../threaded.js";

const LONGEST = 130;
const MOST = 6;

/** As many words as tokens: each token has a row of the word vectors for itself, whose gradient is the token's. */
const config: RoFormerConfigInput = {
  vocab_size: 1 + MOST * LONGEST,
  embedding_size: 20,
  hidden_size: 24,
  num_hidden_layers: 2,
  num_attention_heads: 3,
  intermediate_size: 44,
  max_position_embeddings: 256,
  initializer_range: 0.3,
  tie_word_embeddings: false,
};

/** Ids that no other token of the batch has. */
function texts(lengths: readonly number[]): number[][] {
  let id = 1;
  return lengths.map((length) => Array.from({ length }, () => id++));
}

const bits = (values: Float32Array) => Buffer.from(values.buffer, values.byteOffset, values.byteLength);

/** Fails where two arrays differ in a bit; zeros of both signs are equal. */
function expectSameBits(what: string, got: Float32Array, expected: Float32Array): void {
  if (bits(got).equals(bits(expected))) return;
  const at = expected.findIndex((value, i) => !(got[i] === value));
  if (at < 0 && got.length === expected.length) return;
  throw new Error(`${what}[${at}] is ${got[at]}, not ${expected[at]} (of ${got.length} and ${expected.length})`);
}

/** The gradients of the loss of the tokens from `from` to `to` alone, by parameter. */
function gradients(model: RoFormer, packed: Packed, from: number, to: number): Map<string, Float32Array> {
  const tokens = Int32Array.from(packed.tokens, (id, i) => (i >= from && i < to ? (7 * id) % 97 : IGNORED));
  model.store.zeroGradients();
  model.lossAndGradients(packed, { tokens });
  return new Map(model.store.parameters.map((one) => [one.name, one.gradient().data]));
}

/** The last hidden states of sequence `b`, `[T, 24]`. */
function hiddenStates(base: RoFormer, sequences: readonly number[][], b: number): Float32Array {
  const T = Math.max(...sequences.map((ids) => ids.length));
  const padded = (value: (id: number | undefined) => number) =>
    sequences.map((ids) => Array.from({ length: T }, (_, t) => value(ids[t])));
  const mask = padded((id) => (id === undefined ? 0 : 1));
  const { data } = base.forward({ inputIds: padded((id) => id ?? 0), attentionMask: mask }).lastHiddenState;
  return data.slice(24 * b * T, 24 * (b * T + sequences[b]!.length));
}

const WORDS = "roformer.embeddings.word_embeddings.weight";

/** Holds sequence `b` of a batch against the same sequence alone. */
function compare(model: RoFormer, base: RoFormer, sequences: readonly number[][], b: number): void {
  const alone = [sequences[b]!];
  expectSameBits(`hidden states of ${b}`, hiddenStates(base, sequences, b), hiddenStates(base, alone, 0));
  const { offsets } = pack(sequences);
  const [from, to] = [offsets[b]!, offsets[b + 1]!];
  if (from === to) return;
  const mine = gradients(model, pack(alone), 0, to - from);
  const others = gradients(model, pack(sequences), from, to);
  expectSameBits(`gradients of the tokens of ${b}`, others.get(WORDS)!, mine.get(WORDS)!);
  // Sums over tokens are taken in runs from the batch's beginning: of its first sequence they are the same sums.
  if (b > 0) return;
  for (const [name, gradient] of mine) expectSameBits(`gradient of ${name}`, others.get(name)!, gradient);
}

/** Whether what a sequence gives depends on the batch around it, for one build of the kernels with two threads. */
export function packingSuite(variant: "simd-threads" | "relaxed-threads"): void {
  needThreads();
  beforeAll(async () => {
    if (!threaded) return;
    await init({ variant, threads: 2, v8Flags: true });
    engine().set_poison(true);
    engine().team_configure(2, 10_000, 100, 0); // every job that has two items is shared, however small
  });

  it.each([
    { attention: "softmax" },
    { attention: "linear-elu" },
    { attention: "performer", num_random_features: 10 },
    { attention: "performer", num_random_features: 10, kernel_epsilon: 0, causal: true },
  ] as const)("a sequence has the same bits alone and in any batch, hidden states and gradients: %j", (kind) => {
    const own = { ...config, is_decoder: "causal" in kind, roformer_js: kind };
    const model = RoFormer.create(own, { head: "causal" in kind ? "causal-lm" : "masked-lm", seed: 3 });
    const base = RoFormer.create(own, { head: "base", seed: 3 });
    const length = fc.oneof(fc.integer({ min: 0, max: LONGEST }), fc.constantFrom(0, 1, 31, 32, 33, 64, 128, 129));
    const batch = fc.array(length, { minLength: 1, maxLength: MOST });
    const same = (lengths: readonly number[]) => {
      for (const b of lengths.keys()) compare(model, base, texts(lengths), b);
    };
    fc.assert(fc.property(batch, same), { seed: 6, numRuns: 25 });
    expect(engine().team_threads()).toBe(2);
    base.close();
    model.close();
  });
}
