/// <reference lib="esnext.disposable" preserve="true" />

import type { ModelInputs } from "../models/inputs.js";
import type { ForwardOptions, GradientOptions, LossAndGradients, ModelOutput } from "../models/interface.js";
import type { RoFormer } from "../models/roformer.js";
import type { Tokenizer } from "../tokenizers/tokenizer.js";
import type { ArgumentsOf, ModelFacts } from "./host.js";
import type { Link } from "./link.js";
import { type Fact, MODEL_METHODS, type ModelMethod } from "./protocol.js";

/** A parameter of a model in a session; reading and writing are requests. */
export interface SessionParameter {
  /** Hugging Face's name. */
  readonly name: string;
  /** Lengths of its axes. */
  readonly shape: readonly number[];
  /** The values, copied. */
  read(): Promise<Float32Array>;
  /** Overwrites the values. Errors: ShapeError where their number is another. */
  write(values: ArrayLike<number>): Promise<void>;
}

/** A tokenizer in a session. */
export interface SessionTokenizer {
  /** See `Tokenizer.encode`. */
  encode(...args: Parameters<Tokenizer["encode"]>): Promise<ReturnType<Tokenizer["encode"]>>;
  /** See `Tokenizer.encodeBatch`. */
  encodeBatch(...args: Parameters<Tokenizer["encodeBatch"]>): Promise<ReturnType<Tokenizer["encodeBatch"]>>;
  /** See `Tokenizer.decode`. */
  decode(ids: readonly number[], options?: Parameters<Tokenizer["decode"]>[1]): Promise<string>;
}

/** Promises already. */
type AsTheyAre = Exclude<ModelMethod, "forward">;

/**
 * A model in a session's worker: the methods of `RoFormer`, each a promise. Calls run one at a time, in the order in which they
 * were made. After the session has ended or was restarted, every call is an EngineError.
 */
export interface SessionModel extends Pick<RoFormer, AsTheyAre | Fact> {
  /** Undefined where the model has none. */
  readonly tokenizer: SessionTokenizer | undefined;
  /** See {@link roformer!RoFormer.forward}. */
  forward(inputs: ModelInputs, options?: ForwardOptions): Promise<ModelOutput>;
  /** See {@link roformer!RoFormer.valueAndGrad}; the gradients are copies. */
  valueAndGrad(inputs: ModelInputs, options?: GradientOptions): Promise<LossAndGradients>;
  /** The parameters, by Hugging Face's names. */
  parameters(): Promise<SessionParameter[]>;
  /** Gives the memory in the worker back. */
  close(): Promise<void>;
  /** `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

const facts = new WeakMap<SessionModel, { link: Link; handle: number }>();

/** What the worker at the end of `link` calls a model; undefined for a model of another one. */
export function handleOf(model: SessionModel, link: Link): number | undefined {
  const known = facts.get(model);
  return known?.link === link ? known.handle : undefined;
}

/** The caller's side of a model that the worker keeps. */
export function sessionModel(link: Link, { handle, hasTokenizer, ...rest }: ModelFacts): SessionModel {
  const method =
    (name: ModelMethod) =>
    (...args: unknown[]) =>
      link.call("method", ...([handle, name, ...args] as ArgumentsOf<"method">));
  const close = async (): Promise<void> => {
    if (!link.ended) await link.call("close", handle);
  };
  const model = {
    ...rest,
    tokenizer: hasTokenizer ? sessionTokenizer(link, handle) : undefined,
    ...Object.fromEntries(MODEL_METHODS.map((name) => [name, method(name)])),
    valueAndGrad: (...args: [ModelInputs, GradientOptions?]) => link.call("valueAndGrad", handle, ...args),
    async parameters() {
      const found = await link.call("parameters", handle);
      return found.map((one) => ({
        ...one,
        read: () => link.call("read", handle, one.name),
        write: (values: ArrayLike<number>) => link.call("write", handle, one.name, values),
      }));
    },
    close,
    [Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]: close,
  } as unknown as SessionModel;
  facts.set(model, { link, handle });
  return model;
}

const sessionTokenizer = (link: Link, handle: number): SessionTokenizer => ({
  encode: (...args) => link.call("encode", handle, ...args),
  encodeBatch: (...args) => link.call("encodeBatch", handle, ...args),
  decode: (ids, options) => link.call("decode", handle, ids, options),
});
