/// <reference lib="esnext.disposable" preserve="true" />

import type { ModelFacts } from "../models/facts.js";
import type { ModelInputs } from "../models/inputs.js";
import type { ForwardOptions, GradientOptions, LossAndGradients } from "../models/interface.js";
import type { GradientInputsByHead, ModelOutput, OutputOf } from "../models/outputs.js";
import type { HeadName } from "../nn/heads/index.js";
import type { PipelineMethods, PipelineName } from "../pipelines/index.js";
import type { RoFormer } from "../roformer.js";
import type { DecodeOptions, EncodeBatchOptions, EncodeOptions } from "../tokenizers/options.js";
import type { EncodedBatch, Encoding } from "../tokenizers/tokenizer.js";
import type { ArgumentsOf, KeptModel } from "./commands.js";
import type { Link } from "./link.js";
import type { ModelMethod, Pipelines } from "./protocol.js";

/** A parameter of a model in a session; reading and writing are requests. */
export interface SessionParameter {
  /** Hugging Face's name. */
  readonly name: string;
  /** Lengths of its axes. */
  readonly shape: readonly number[];
  /** The values, copied. */
  read(): Promise<Float32Array>;
  /** Overwrites the values. Errors: ShapeError if their number differs. */
  write(values: ArrayLike<number>): Promise<void>;
}

/** A tokenizer in a session. */
export interface SessionTokenizer {
  /** Encodes one text, with a pair if `options.pair` is given: see {@link roformer!Tokenizer.encode}. */
  encode(text: string, options?: EncodeOptions): Promise<Encoding>;
  /** Encodes many texts, much faster, without offsets: see {@link roformer!Tokenizer.encodeBatch}. */
  encodeBatch(texts: readonly string[], options?: EncodeBatchOptions): Promise<EncodedBatch>;
  /** Decodes ids to text: see {@link roformer!Tokenizer.decode}. */
  decode(ids: readonly number[], options?: DecodeOptions): Promise<string>;
}

/**
 * A model in a session's worker: the methods of `RoFormer`, each a promise. Calls run one at a time, in the order in which they
 * were made. After the session has ended or was restarted, every call throws an EngineError.
 */
export interface SessionModel<H extends HeadName = HeadName, O extends ModelOutput = OutputOf<H>>
  extends PipelineMethods,
    ModelFacts<H>,
    Pick<RoFormer<H, O>, "files" | "save"> {
  /** Undefined if the model has none. */
  readonly tokenizer: SessionTokenizer | undefined;
  /**
   * Computes the head's outputs, without dropout, and the loss if there are labels: see {@link roformer!RoFormer.forward}.
   *
   * @throws ShapeError for inputs that do not fit each other or the head, ConfigError for inputs or options that do not apply to
   * the model, EngineError for an unknown id, for a closed model, or if memory is exhausted.
   */
  forward(inputs: ModelInputs, options?: ForwardOptions): Promise<O>;
  /**
   * Computes the loss, and the gradients of every parameter, as copies: see {@link roformer!RoFormer.valueAndGrad}. They accumulate
   * over calls.
   *
   * @throws as {@link forward}, and ConfigError without labels or for int8 weights.
   */
  valueAndGrad(inputs: GradientInputsByHead[H], options?: GradientOptions): Promise<LossAndGradients>;
  /** The parameters, by Hugging Face's names. */
  parameters(): Promise<SessionParameter[]>;
  /** Gives the memory in the worker back. */
  close(): Promise<void>;
  /** `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

const known = new WeakMap<SessionModel, { link: Link; handle: number; facts: ModelFacts }>();

/** The worker's number of a model; undefined for a model of another link. */
export function handleOf(model: SessionModel, link: Link): number | undefined {
  const own = known.get(model);
  return own?.link === link ? own.handle : undefined;
}

/** What is known of a model, and of its pipelines, without asking its worker. */
export function knownOf(model: SessionModel): { facts: ModelFacts; pipelines: Pipelines } {
  const { facts, link } = known.get(model)!;
  return { facts, pipelines: link.pipelines! };
}

/** The caller's side of a model that the worker keeps. */
export function sessionModel<H extends HeadName>(
  link: Link,
  { handle, hasTokenizer, facts }: KeptModel,
): SessionModel<H> {
  const method =
    (name: ModelMethod) =>
    (...args: unknown[]) =>
      link.call("method", ...([handle, name, ...args] as ArgumentsOf<"method">));
  const methods: ModelMethod[] = [...(Object.keys(link.pipelines!) as PipelineName[]), "forward", "files", "save"];
  const close = async (): Promise<void> => {
    if (!link.ended) await link.call("close", handle);
  };
  const model = {
    ...facts,
    tokenizer: hasTokenizer ? sessionTokenizer(link, handle) : undefined,
    ...Object.fromEntries(methods.map((name) => [name, method(name)])),
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
  } as unknown as SessionModel<H>;
  known.set(model, { link, handle, facts });
  return model;
}

const sessionTokenizer = (link: Link, handle: number): SessionTokenizer => ({
  encode: (...args) => link.call("encode", handle, ...args),
  encodeBatch: (...args) => link.call("encodeBatch", handle, ...args),
  decode: (ids, options) => link.call("decode", handle, ids, options),
});
