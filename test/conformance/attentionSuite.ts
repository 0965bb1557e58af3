import { expect } from "vitest";
import { ConfigError } from "../../ts/errors.js";
import type { Attention, AttentionFactory, Recurrent } from "../../ts/nn/attentions/index.js";
import { SequenceBatch } from "../../ts/nn/packed.js";
import { scope } from "../../ts/tensor/scope.js";
import { type Tensor, tensor } from "../../ts/tensor/tensor.js";
import { type Check, difference, evaluate, expectClose, random, slopes, tensorOf, total } from "./checks.js";
import { batchOf, C, D, HEADS, MASKS, type MaskCase, maskOf, problemOf, SCORE_MASKS } from "./masks.js";
import type { AttentionReference } from "./references/attentions.js";
import { positionReferences } from "./references/positions.js";
import { type Made, type Setting, SLOPES, settingsOf, TURNS, withAttention } from "./settings.js";

/** What holds of the attention `create`, whose twin is `reference`, with every position encoding that it takes. */
export function attentionSuite(create: AttentionFactory, reference: AttentionReference): Check[] {
  const { scores, recurrent } = withAttention(create, { position: "none", rotation: "eq19" }, ({ attention }) => ({
    scores: attention.scores,
    recurrent: "step" in attention,
  }));
  const settings = settingsOf(scores);
  const each = (fact: string, body: (made: Made, setting: Setting) => void, of = settings): Check[] =>
    of.map((setting) => ({
      name: `${nameOf(setting)}: ${fact}`,
      run: () => withAttention(create, setting, (made) => body(made, setting)),
    }));
  return [
    ...[...MASKS, ...(scores ? SCORE_MASKS : [])].flatMap((mask) =>
      each(`with ${mask.name}, values and gradients are the f64 reference's`, (made, setting) =>
        comparesWith(reference, made, setting, mask),
      ),
    ),
    ...each("a sequence gives the same bits alone, and so do its gradients", staysApart),
    ...each("lets no query see a later key, if causal", hidesLaterKeys, zeroEpsilon(settings)),
    ...each("gives the value itself where there is one token", givesOneValue),
    ...each("gives 0 where there is no key, and nothing for an empty batch", givesNothing),
    ...(scores ? [] : refusals(create)),
    ...(recurrent ? each("token by token gives what all tokens give", stepsAlike, zeroEpsilon(settings)) : []),
  ];
}

const nameOf = ({ position, rotation }: Setting) => (TURNS.includes(position) ? `${position}, ${rotation}` : position);

/** With another ε a Performer also takes its stabilizer from later keys, so it cannot run token by token. */
const zeroEpsilon = (settings: readonly Setting[]) => settings.map((setting) => ({ ...setting, epsilon: 0 }));

/** `[q, k, v]` of a mask's sequences. */
const inputsOf = ({ lengths, keys = lengths }: Pick<MaskCase, "lengths" | "keys">) =>
  [lengths, keys, keys].map((list, i) => random(total(list) * C, i + 1));

const tensors = (inputs: readonly Float64Array[]) => inputs.map((x) => tensorOf(x, [x.length / C, C]));

function comparesWith(reference: AttentionReference, made: Made, setting: Setting, given: MaskCase): void {
  const { attention, position, projection } = made;
  const inputs = inputsOf(given);
  const weights = random(inputs[0]!.length, 9);
  const call = { heads: HEADS, batch: batchOf(given.lengths), position, mask: maskOf(given) };
  const run = (q: Tensor, k: Tensor, v: Tensor) => attention.forward(q, k, v, call);
  const { y, gradients } = evaluate((q, k, v) => run(q!, k!, v!), tensors(inputs), weights);
  const { rotation, epsilon } = setting;
  const problem = {
    ...{ heads: HEADS, headSize: D, position: positionReferences[setting.position], rotation, epsilon, projection },
    ...problemOf(given),
  };
  expectClose(y, reference(inputs, problem), 2e-6);
  // Of what an encoding adds to embeddings attention sees nothing: these are the gradients of "none".
  if (position.embed) return;
  const anchor = inputs.map((x) => x.slice());
  const wanted = slopes((varied) => reference(varied, problem, anchor), inputs, weights);
  for (const [i, gradient] of gradients.entries()) expectClose(gradient, wanted[i]!, 1e-4, `gradient of ${"qkv"[i]}`);
}

function staysApart({ attention, position }: Made): void {
  const lengths = [3, 1, 0, 40, 7];
  const inputs = inputsOf({ lengths });
  const weights = random(inputs[0]!.length, 9);
  const run = (own: readonly number[], values: readonly Float64Array[], w: Float64Array) => {
    const call = { heads: HEADS, batch: batchOf(own), position, mask: {} };
    const { y, gradients } = evaluate((q, k, v) => attention.forward(q!, k!, v!, call), tensors(values), w);
    return [y, ...gradients];
  };
  const together = run(lengths, inputs, weights);
  let from = 0;
  for (const length of lengths) {
    const [first, last] = [from * C, (from + length) * C];
    const part = (x: Float64Array) => x.slice(first, last);
    const alone = run([length], inputs.map(part), part(weights));
    for (const [i, own] of alone.entries()) expect([...own]).toEqual([...together[i]!.subarray(first, last)]);
    from += length;
  }
}

function hidesLaterKeys({ attention, position }: Made): void {
  const [q, k, v] = inputsOf({ lengths: [9] }) as [Float64Array, Float64Array, Float64Array];
  const call = { heads: HEADS, batch: batchOf([9]), position, mask: { causal: true } };
  const run = (...inputs: Float64Array[]) => {
    const [a, b, c] = tensors(inputs) as [Tensor, Tensor, Tensor];
    return attention.forward(a, b, c, call).read();
  };
  const changed = (x: Float64Array) => x.map((value, i) => (i >= 6 * C ? -value : value));
  const [before, after] = [run(q, k, v), run(q, changed(k), changed(v))];
  // Sums are divided by what keys were, and multiplied by it again: rounding differs.
  expectClose(after.subarray(0, 6 * C), before.subarray(0, 6 * C), 1e-5);
  expect(difference(after.subarray(6 * C), before.subarray(6 * C))).toBeGreaterThan(1e-3);
}

function givesOneValue({ attention, position }: Made): void {
  const inputs = inputsOf({ lengths: [1] });
  const [q, k, v] = tensors(inputs) as [Tensor, Tensor, Tensor];
  const y = attention.forward(q, k, v, { heads: HEADS, batch: batchOf([1]), position, mask: {} }).read();
  // Without scores 10⁻⁶ is added to denominators.
  expectClose(y, inputs[2]!, attention.scores ? 1e-6 : 1e-3);
}

function givesNothing({ attention, position }: Made): void {
  const run = (queries: readonly number[], keys: readonly number[]) => {
    const [q, k, v] = tensors(inputsOf({ lengths: queries, keys })) as [Tensor, Tensor, Tensor];
    const call = { heads: HEADS, batch: batchOf(queries), position, mask: { keys: batchOf(keys) } };
    return attention.forward(q, k, v, call).read();
  };
  expect([...run([2, 3], [0, 4]).subarray(0, 2 * C)]).toEqual(new Array(2 * C).fill(0));
  for (const empty of [[], [0, 0]]) expect(run(empty, empty).length).toBe(0);
}

/** What an attention without scores must refuse, by the name of what is given. */
function refusals(create: AttentionFactory): Check[] {
  const masks = SCORE_MASKS.filter(({ window, prefix, biasHeads }) => window ?? prefix ?? biasHeads);
  return [
    ...masks.map((given) => ({
      name: `refuses ${given.name}`,
      run: () =>
        withAttention(create, { position: "none", rotation: "eq19" }, ({ attention, position }) => {
          const [q, k, v] = tensors(inputsOf(given)) as [Tensor, Tensor, Tensor];
          const call = { heads: HEADS, batch: batchOf(given.lengths), position, mask: maskOf(given) };
          expectRefusal(() => attention.forward(q, k, v, call), /window|prefix|bias/);
        }),
    })),
    ...SLOPES.map((position) => ({
      name: `refuses ${position}`,
      run: () =>
        expectRefusal(() => withAttention(create, { position, rotation: "eq19" }, () => {}), new RegExp(position)),
    })),
  ];
}

function expectRefusal(body: () => unknown, message: RegExp): void {
  expect(body).toThrow(ConfigError);
  expect(body).toThrow(message);
}

function stepsAlike({ attention, position }: Made): void {
  const layer = attention as Attention & Recurrent;
  const [T, B] = [9, 2];
  const inputs = inputsOf({ lengths: [T, T] });
  const [q, k, v] = tensors(inputs) as [Tensor, Tensor, Tensor];
  const call = { heads: HEADS, batch: batchOf([T, T]), position, mask: { causal: true } };
  const together = layer.forward(q, k, v, call).read();
  const state = layer.begin(B, HEADS, D);
  try {
    for (let t = 0; t < T; t++) {
      const token = (x: ArrayLike<number>) =>
        Array.from({ length: B * C }, (_, i) => x[(Math.floor(i / C) * T + t) * C + (i % C)]!);
      scope(() => {
        const batch = new SequenceBatch({ offsets: Int32Array.of(0, 1, 2), positions: Int32Array.of(t, t) });
        const [a, b, c] = inputs.map((x) => tensor(token(x), [B, C])) as [Tensor, Tensor, Tensor];
        const y = layer.step(a, b, c, { heads: HEADS, batch, position, mask: {} }, state).read();
        expectClose(y, token(together), 1e-5, `token ${t}`);
      });
    }
  } finally {
    state.free();
  }
}
