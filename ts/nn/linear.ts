import { type ActivationName, activation } from "../ops/activation.js";
import { linear, linearParts } from "../ops/gemm.js";
import { add } from "../ops/reduce.js";
import { checkOptions, type Names } from "../options.js";
import { PACKED_ROWS, type Parameter } from "../tensor/parameter.js";
import type { Tensor } from "../tensor/tensor.js";
import type { LinearModule } from "./linearModule.js";
import type { ParameterScope } from "./parameters.js";

/** y = x Wᵀ + b: parameters `weight` `[outputs, inputs]` and `bias` `[outputs]`, as in PyTorch. */
export class Linear {
  private readonly weight: Parameter;
  private readonly bias: Parameter | undefined;
  private readonly own: LinearModule;

  /** Declares `weight`, and `bias` unless that is false, in `params`. */
  constructor(params: ParameterScope, inputs: number, outputs: number, bias = true) {
    this.weight = params.matrix("weight", [outputs, inputs]);
    this.bias = bias ? params.constant("bias", [outputs], 0) : undefined;
    this.own = params.linear("", this.weight, this.bias);
  }

  /** act(x Wᵀ + b), `[N, outputs]`, for `x` `[N, inputs]`; an adapter's product is added before the activation. */
  forward(x: Tensor, act: ActivationName = "linear"): Tensor {
    const { adapter } = this.own;
    if (!adapter) return linear(x, this.weight, this.bias, act);
    return activation(add(linear(x, this.weight, this.bias), adapter.forward(x)[0]!), act);
  }
}

/** Names of several projections of one input: one each, or that of a tensor that holds all, one below the other. */
export type PartNames<Each extends readonly string[] = readonly string[]> = string | Each;

/** Sizes of a {@link JoinedLinear}. */
export interface JoinedLinearOptions {
  /** Number of projections. */
  readonly parts: number;
  /** Width of the input. */
  readonly inputs: number;
  /** Width of each output. */
  readonly outputs: number;
  /**
   * Whether each has a bias.
   * @default true
   */
  readonly bias?: boolean | undefined;
}

const JOINED: Names<JoinedLinearOptions> = { parts: true, inputs: true, outputs: true, bias: true };

/** Several projections of one input, computed together: query, key and value of attention. */
export class JoinedLinear {
  private readonly weight: Parameter;
  private readonly bias: Parameter | undefined;
  private readonly parts: number;
  /** One a part, or one for all. */
  private readonly own: readonly LinearModule[];

  /**
   * Declares a `weight` `[outputs, inputs]` and a `bias` `[outputs]` for each of `names` in `params`; under a single name, a
   * `weight` `[parts · outputs, inputs]` and a `bias` of as many numbers.
   */
  constructor(params: ParameterScope, names: PartNames, options: JoinedLinearOptions) {
    checkOptions("JoinedLinear", options, JOINED);
    const { parts, inputs, outputs, bias = true } = options;
    this.parts = parts;
    if (typeof names !== "string") {
      const weights = params.joinedWeights(names, [outputs, inputs]);
      const biases = bias ? params.joinedBiases(names, [outputs]) : undefined;
      this.own = names.map((name, i) => params.linear(name, weights.parts[i]!, biases?.parts[i]));
      [this.weight, this.bias] = [weights, biases];
      return;
    }
    const own = params.at(names);
    const shape = [parts * outputs, inputs] as const;
    // A part that ends within a panel of packed rows could not be read by itself.
    this.weight = outputs % PACKED_ROWS === 0 ? own.matrix("weight", shape) : own.weight("weight", shape);
    this.bias = bias ? own.constant("bias", [parts * outputs], 0) : undefined;
    this.own = [params.linear(names, this.weight, this.bias, parts)];
  }

  /** x Wᵀ + b, `[N, outputs]`, for each part, in order, with what adapters add; `x` is `[N, inputs]`. */
  forward(x: Tensor): Tensor[] {
    const y = linearParts(x, this.weight, this.bias, this.parts);
    if (!this.own.some(({ adapter }) => adapter)) return y;
    const added = this.own.flatMap(
      ({ adapter, parts }) => adapter?.forward(x) ?? Array<undefined>(parts).fill(undefined),
    );
    return y.map((one, part) => (added[part] ? add(one, added[part]) : one));
  }
}
