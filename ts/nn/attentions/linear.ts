import { ConfigError } from "../../errors.js";
import { LinearState, linearAttention, linearStep } from "../../ops/linearAttention.js";
import { type Tensor, tensor } from "../../tensor/tensor.js";
import {
  type Attention,
  type AttentionCall,
  type AttentionFactory,
  type AttentionOptions,
  rotate,
} from "./attention.js";
import { described } from "./described.js";
import { causal, type Features, features } from "./features.js";
import type { Rotation } from "./options.js";

/** An attention that can go on token by token. */
export interface Recurrent {
  /** What is kept for B `sequences` of no tokens yet, with `heads` H of `headSize` D: it does not grow. The caller frees it. */
  begin(sequences: number, heads: number, headSize: number): LinearState;
  /**
   * One token of each sequence, `[B, C]`, at the positions of `call.batch`: what `forward` with `causal` gives it, `[B, C]`.
   * Changes `state`. Without gradients. Errors: ConfigError for a mask, and for a Performer with ε > 0.
   */
  step(q: Tensor, k: Tensor, v: Tensor, call: AttentionCall, state: LinearState): Tensor;
}

/** Σⱼ (φ(q) · ϕ(k)) v / Σⱼ φ(q) · ϕ(k), with rotations (RoFormer, eq. 18 and 19). */
class LinearAttention implements Attention, Recurrent {
  readonly scores = false;
  private readonly features: Features;
  private readonly rotation: Rotation;

  constructor(features: Features, rotation: Rotation) {
    this.features = features;
    this.rotation = rotation;
  }

  forward(q: Tensor, k: Tensor, v: Tensor, call: AttentionCall): Tensor {
    const { batch, mask } = call;
    const { keys = batch, causal = false } = mask;
    refuseMasks(call);
    const sequences = described(call);
    const before = this.rotation === "rotate-before";
    const turn = (x: Tensor, of: typeof batch, wanted: boolean) => (wanted ? rotate(x, call, of) : x);
    const p = this.features.queries(turn(q, batch, before));
    const { features: r, running } = this.features.keys(turn(k, keys, before), sequences, causal);
    const [a, b] = [turn(p, batch, !before), turn(r, keys, !before)];
    const denominators = this.rotation === "rotate-both" ? {} : { p, r };
    return linearAttention(
      { a, b, ...denominators, v },
      { batch: sequences, levels: running?.levels, epsilons: running?.epsilons },
    );
  }

  begin(sequences: number, heads: number, headSize: number): LinearState {
    return new LinearState(sequences * heads, this.features.width, headSize);
  }

  step(q: Tensor, k: Tensor, v: Tensor, call: AttentionCall, state: LinearState): Tensor {
    refuseMasks(call);
    const before = this.rotation === "rotate-before";
    const turn = (x: Tensor, wanted: boolean) => (wanted ? rotate(x, call, call.batch) : x);
    const levels = state.levels.slice(); // what is refused leaves the state as it was
    const p = this.features.queries(turn(q, before));
    const r = this.features.nextKeys(turn(k, before), levels);
    // Of the first token there is no state that could be multiplied.
    const factors = state.levels.map((level, row) => (Number.isFinite(level) ? Math.exp(level - levels[row]!) : 0));
    const [a, b] = [turn(p, !before), turn(r, !before)];
    const denominators = this.rotation === "rotate-both" ? {} : { p, r };
    const out = linearStep({ a, b, ...denominators, v }, state, tensor(factors));
    state.levels.set(levels);
    return out;
  }
}

function refuseMasks({ mask }: AttentionCall): void {
  const given = (["window", "prefix", "bias"] as const).find((name) => mask[name] !== undefined);
  if (given) throw new ConfigError(`linear attention makes no scores, so it cannot have a mask with ${given}`);
}

/** Linear attention with features by their name. */
export function linear(name: keyof typeof features): AttentionFactory {
  const create = (options: AttentionOptions): Attention & Recurrent => {
    const { position, rotation = "eq19" } = options;
    if (position.slopes) throw new ConfigError("linear attention makes no scores, to which alibi would add");
    const made = features[name](options);
    if (position.table && rotation !== "rotate-before" && made.width % 2 !== 0)
      throw new ConfigError(`rotary positions turn pairs: ${made.width} features of a head are odd`);
    return new LinearAttention(made, rotation);
  };
  return Object.assign(create, { causal: causal[name] });
}
