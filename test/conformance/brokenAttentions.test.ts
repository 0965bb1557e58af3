import { describe, expect, it } from "vitest";
import {
  type Attention,
  type AttentionCall,
  type AttentionFactory,
  type AttentionName,
  attentions,
  type Mask,
  type Recurrent,
} from "../../ts/nn/attentions/index.js";
import { SequenceBatch } from "../../ts/nn/packed.js";
import { none } from "../../ts/nn/positions/none.js";
import { scale } from "../../ts/ops/reduce.js";
import { type Tensor, tensor } from "../../ts/tensor/tensor.js";
import { attentionSuite } from "./attentionSuite.js";
import { failures } from "./checks.js";
import { D } from "./masks.js";
import { attentionReferences as references } from "./references/attentions.js";

/** `make`'s attention with another `forward`. */
const changed =
  (make: AttentionFactory, forward: (own: Attention) => Attention["forward"]): AttentionFactory =>
  (options) => {
    const own = make(options);
    return { scores: own.scores, forward: forward(own) };
  };

const withCall = (make: AttentionFactory, change: (call: AttentionCall) => AttentionCall): AttentionFactory =>
  changed(make, (own) => (q, k, v, call) => own.forward(q, k, v, change(call)));

const ignoring = (name: keyof Mask) =>
  withCall(attentions.softmax, (call) => {
    const { [name]: _, ...mask } = call.mask;
    return { ...call, mask };
  });

/** All sequences as one. */
const joined = ({ packed }: SequenceBatch) =>
  new SequenceBatch({ ...packed, offsets: Int32Array.of(0, packed.positions.length) });

const leaking = (make: AttentionFactory) =>
  withCall(make, (call) => {
    const { keys } = call.mask;
    return { ...call, batch: joined(call.batch), mask: { ...call.mask, ...(keys && { keys: joined(keys) }) } };
  });

const unplaced = ({ packed }: SequenceBatch) =>
  new SequenceBatch({ ...packed, positions: packed.positions.map(() => 0) });

const stopped = (x: Tensor) => tensor(x.read(), x.shape);

const stepping =
  (make: AttentionFactory, change: (own: Recurrent) => Partial<Recurrent>): AttentionFactory =>
  (options) => {
    const own = make(options) as Attention & Recurrent;
    const kept = { begin: own.begin.bind(own), step: own.step.bind(own) };
    return { scores: own.scores, forward: own.forward.bind(own), ...kept, ...change(kept) };
  };

const { softmax } = attentions;
const elu = attentions["linear-elu"];
const twin = "values and gradients are the f64 reference's";
const bits = "a sequence gives the same bits alone, and so do its gradients";
const steps = "token by token gives what all tokens give";

describe("the suite of attentions fails for one that", () => {
  it.each<[string, AttentionName, AttentionFactory, string[]]>([
    [
      "forgets to turn",
      "softmax",
      withCall(softmax, (call) => ({ ...call, position: { ...call.position, table: undefined } as never })),
      [`rotary, eq19: with no mask, ${twin}`, `rotary-half, eq19: with other keys, ${twin}`],
    ],
    [
      "forgets the slopes",
      "softmax",
      withCall(softmax, (call) => ({ ...call, position: none() })),
      [`alibi: with no mask, ${twin}`],
    ],
    [
      "forgets where the keys are",
      "softmax",
      withCall(softmax, (call) => ({ ...call, mask: { ...call.mask, keys: unplaced(call.mask.keys ?? call.batch) } })),
      [`rotary, eq19: with other keys, ${twin}`, `alibi: with no mask, ${twin}`],
    ],
    [
      "forgets to divide by √D",
      "softmax",
      changed(softmax, (own) => (q, k, v, call) => own.forward(scale(q, Math.sqrt(D)), k, v, call)),
      [`none: with no mask, ${twin}`, `learned: with causal, ${twin}`],
    ],
    [
      "ignores causal",
      "softmax",
      ignoring("causal"),
      [`none: with causal, ${twin}`, "none: lets no query see a later key, if causal"],
    ],
    ["ignores a window", "softmax", ignoring("window"), [`none: with a window, ${twin}`]],
    ["ignores prefixes", "softmax", ignoring("prefix"), [`none: with prefixes, ${twin}`]],
    [
      "ignores a bias",
      "softmax",
      ignoring("bias"),
      [`none: with a bias, ${twin}`, `none: with a causal bias by head, ${twin}`],
    ],
    [
      "ignores causal without scores",
      "linear-elu",
      withCall(elu, (call) => ({ ...call, mask: { ...call.mask, causal: false } })),
      [`none: with causal, ${twin}`, "none: lets no query see a later key, if causal"],
    ],
    ["leaks across sequences", "softmax", leaking(softmax), [`none: ${bits}`, `none: with no mask, ${twin}`]],
    ["leaks across sequences, causal", "softmax", leaking(softmax), [`none: with causal, ${twin}`]],
    ["leaks across sequences without scores", "linear-elu", leaking(elu), [`none: ${bits}`]],
    [
      "takes its heads for one",
      "softmax",
      withCall(softmax, (call) => ({ ...call, heads: 1 })),
      [`none: with no mask, ${twin}`],
    ],
    [
      "gives queries no gradient",
      "softmax",
      changed(softmax, (own) => (q, k, v, call) => own.forward(stopped(q), k, v, call)),
      [`none: with no mask, ${twin}`, `rotary, eq19: with other keys, ${twin}`],
    ],
    [
      "gives keys no gradient",
      "performer",
      changed(attentions.performer, (own) => (q, k, v, call) => own.forward(q, stopped(k), v, call)),
      [`rotary, rotate-before: with causal, ${twin}`],
    ],
    [
      "turns before features, whatever it is asked",
      "linear-elu",
      (options) => elu({ ...options, rotation: "rotate-before" }),
      [`rotary, eq19: with no mask, ${twin}`, `rotary, rotate-both: with no mask, ${twin}`],
    ],
    [
      "turns the denominators too, whatever it is asked",
      "linear-shen",
      (options) => attentions["linear-shen"]({ ...options, rotation: "rotate-both" }),
      [`rotary, eq19: with no mask, ${twin}`, `rotary-half, rotate-before: with causal, ${twin}`],
    ],
    ["has other features", "linear-relu", elu, [`none: with no mask, ${twin}`]],
    [
      "takes a mask that it cannot have",
      "linear-elu",
      withCall(elu, ({ mask: { window: _, bias: __, prefix: ___, ...mask }, ...call }) => ({ ...call, mask })),
      ["refuses a window", "refuses prefixes", "refuses a bias"],
    ],
    [
      "takes slopes that it cannot have",
      "linear-elu",
      (options) => elu({ ...options, position: none() }),
      ["refuses alibi"],
    ],
    [
      "begins anew at each token",
      "linear-elu",
      stepping(elu, (own) => ({
        step(q, k, v, call, state) {
          state.sums.write(new Float32Array(state.sums.size));
          state.state.write(new Float32Array(state.state.size));
          return own.step(q, k, v, call, state);
        },
      })),
      [`none: ${steps}`],
    ],
    [
      "forgets to turn token by token",
      "linear-elu",
      stepping(elu, (own) => ({
        step: (q, k, v, call, state) => own.step(q, k, v, { ...call, position: none() }, state),
      })),
      [`rotary, eq19: ${steps}`, `rotary, rotate-before: ${steps}`],
    ],
  ])("%s", (_, name, create, facts) => {
    const suite = attentionSuite(create, references[name]).filter((check) => facts.includes(check.name));
    expect(failures(suite).sort()).toEqual([...facts].sort());
  });
});
