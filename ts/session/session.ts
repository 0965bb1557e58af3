/// <reference lib="esnext.disposable" preserve="true" />
import type { Diagnosis } from "../engine/doctor.js";
import type { EngineOptions, MemoryReport } from "../engine/engine.js";
import { sendable } from "../engine/wasm/source.js";
import { ConfigError, EngineError, UnsavedError } from "../errors.js";
import type { FileSource } from "../io/files.js";
import type { RoFormerConfigInput } from "../models/config.js";
import type { Conversion } from "../models/convert.js";
import type { Inspection } from "../models/inspect.js";
import type { ConvertOptions, CreateOptions } from "../models/interface.js";
import type { LoadOptions } from "../models/load.js";
import type { HeadName } from "../nn/heads/index.js";
import { platform, type WorkerSource } from "../platform/index.js";
import type { DistillOptions } from "../train/distill/options.js";
import type { DistillResult, StoppedDistillResult } from "../train/distill.js";
import type { AnyEvaluation } from "../train/evaluate.js";
import type { FinetuneResult, StoppedResult } from "../train/finetune.js";
import type { EvaluateOptions, FinetuneOptions, PretrainOptions } from "../train/options.js";
import type { PretrainResult, StoppedPretrainResult } from "../train/pretrain.js";
import type { WhenAborted } from "../train/settings/run.js";
import { traced } from "./callers.js";
import type { Commands, ResultOf } from "./commands.js";
import type { Link } from "./link.js";
import { handleOf, type SessionModel, sessionModel } from "./model.js";
import type { SessionOptions } from "./options.js";
import type { SentEngineOptions } from "./protocol.js";
import { CLOSED, startLink } from "./start.js";

/** The common interface of Workers of `worker_threads` and of pages. */
export interface RuntimeWorker {
  /** Ends it at once. `Session.close` also rejects the calls that wait. */
  terminate(): Promise<number> | undefined;
}

/** The result of {@link Session.finetune}: see `FinetuneResult`. */
export interface SessionFinetuneResult extends Omit<FinetuneResult, "model"> {
  /** In the session until it is closed. */
  readonly model: SessionModel<"sequence-classification">;
}

/** The result of {@link Session.pretrain}: see `PretrainResult`. */
export interface SessionPretrainResult extends Omit<PretrainResult, "model"> {
  /** In the session until it is closed. */
  readonly model: SessionModel<"masked-lm" | "causal-lm">;
}

/** The result of {@link Session.distill}: see `DistillResult`. */
export interface SessionDistillResult extends Omit<DistillResult, "model"> {
  /** In the session until it is closed. */
  readonly model: SessionModel;
}

/** The result of {@link Session.distill} for a run that was stopped: see `StoppedDistillResult`. */
export interface SessionStoppedDistillResult extends Omit<StoppedDistillResult, "model"> {
  /** In the session until it is closed. */
  readonly model: SessionModel;
}

/** The result of {@link Session.finetune} for a run that was stopped: see `StoppedResult`. */
export interface SessionStoppedResult extends Omit<StoppedResult, "model"> {
  /** In the session until it is closed. */
  readonly model: SessionModel<"sequence-classification">;
}

/** The result of {@link Session.pretrain} for a run that was stopped: see `StoppedPretrainResult`. */
export interface SessionStoppedPretrainResult extends Omit<StoppedPretrainResult, "model"> {
  /** In the session until it is closed. */
  readonly model: SessionModel<"masked-lm" | "causal-lm">;
}

/**
 * Starts an engine in a worker of its own: `worker_threads` in Node, a module worker in browsers. The interface is that of the
 * main thread, with a promise for each result; calls run one at a time, in the order in which they are made.
 *
 * @example
 * ```ts
 * const session = await createSession({ threads: "auto" });
 * const model = await session.load("./my-model");
 * console.log(await model.classify("a text"));
 * await session.close();
 * ```
 * @throws EngineError if worker or engine do not start, ConfigError for an invalid option.
 */
export function createSession(options: SessionOptions = {}): Promise<Session> {
  return traced(async () => {
    const { checkSession } = await import("./calls.js"); // in parallel with the worker's script
    checkSession(options);
    const { worker, ...engine } = options;
    const sent = await sendableOptions(engine);
    return new Session(await startLink(worker, sent), worker, sent);
  });
}

const closed = (): EngineError => new EngineError(CLOSED, { reason: "closed" });

/** Models and training in a worker. Made by {@link createSession}. */
export class Session {
  #link: Link;
  #restarting: Promise<void> | undefined;
  readonly #source: WorkerSource | undefined;
  readonly #options: SentEngineOptions;
  #closed = false;

  /** @internal */
  constructor(link: Link, source: WorkerSource | undefined, options: SentEngineOptions) {
    [this.#link, this.#source, this.#options] = [link, source, options];
  }

  /** Whether calls can be made: false when the worker has ended, and after `close`. */
  get alive(): boolean {
    return this.#link.ended === undefined;
  }

  /** The runtime's own worker: `worker_threads`' Worker in Node, the page's in browsers. */
  get worker(): RuntimeWorker {
    return this.#link.worker.worker as RuntimeWorker;
  }

  /**
   * Loads the model of a Hugging Face folder: its path, its URL, `hf:owner/name@revision`, or its files. The worker reads them.
   * See {@link roformer!RoFormer.load}.
   *
   * @example
   * ```ts
   * const model = await session.load("./my-model");
   * console.log(await model.classify("a text"));
   * await model.close();
   * ```
   * @throws CheckpointError that lists missing and wrongly shaped tensors, unless `strict` is false; ConfigError for a wrong field
   * of `config.json` or a wrong option; DataError for files that cannot be read; EngineError if memory is exhausted or
   * the session has ended; AbortError.
   */
  async load<H extends HeadName = HeadName>(source: FileSource, options?: LoadOptions<H>): Promise<SessionModel<H>> {
    const sent = source instanceof URL ? platform.addressOf(source) : source;
    return this.#keep<H, "load">((link) => link.call("load", sent, options));
  }

  /**
   * Makes a model with fresh weights, without a tokenizer. Fields that `config` lacks have Hugging Face's defaults. See
   * {@link roformer!RoFormer.create}.
   *
   * @throws ConfigError for a field, an option or a head that cannot be used; EngineError if memory is exhausted or the
   * session has ended.
   */
  async create<H extends HeadName = "base">(
    config: RoFormerConfigInput,
    options?: Omit<CreateOptions<H>, "tokenizer">,
  ): Promise<SessionModel<H>> {
    // Cloning would keep the object but lose its engine memory.
    if (options?.["tokenizer" as keyof typeof options] !== undefined)
      throw new ConfigError("create: a tokenizer cannot be sent to a session; save a model with it and load that");
    return this.#keep<H, "create">((link) => link.call("create", config, options));
  }

  /**
   * Trains a classifier of texts, from fresh weights or from a model's: see {@link roformer/train!finetune}. The model stays in the
   * session. `onProgress` and `onMessage` are called on this side.
   *
   * @throws ConfigError for an invalid setting, DataError that names file and line, EngineError for a loss that is not
   * a number, where there is no memory or where the session has ended, AbortError.
   */
  async finetune(options: FinetuneOptions): Promise<SessionFinetuneResult>;
  async finetune(options: FinetuneOptions & WhenAborted): Promise<SessionFinetuneResult | SessionStoppedResult>;
  async finetune(options: FinetuneOptions & WhenAborted): Promise<SessionFinetuneResult | SessionStoppedResult> {
    const link = this.#link;
    const { model, unsaved, ...rest } = await link.call("finetune", options);
    return saved({ model: sessionModel(link, model), ...rest }, unsaved);
  }

  /**
   * Trains a language model on running text: see {@link roformer/train!pretrain}. The model stays in the session. `onProgress` and
   * `onMessage` are called on this side.
   *
   * @throws ConfigError for an invalid setting, DataError for text that cannot be read or is too short, EngineError for
   * a loss that is not a number, if memory is exhausted or if the session has ended, AbortError.
   */
  async pretrain(options: PretrainOptions): Promise<SessionPretrainResult>;
  async pretrain(options: PretrainOptions & WhenAborted): Promise<SessionPretrainResult | SessionStoppedPretrainResult>;
  async pretrain(
    options: PretrainOptions & WhenAborted,
  ): Promise<SessionPretrainResult | SessionStoppedPretrainResult> {
    const link = this.#link;
    const { model, unsaved, ...rest } = await link.call("pretrain", options);
    return saved({ model: sessionModel(link, model), ...rest }, unsaved);
  }

  /**
   * Trains a small model to do what a large one does: see {@link roformer/train!distill}. The student stays in the session. `onProgress`
   * and `onMessage` are called on this side.
   *
   * @throws ConfigError for an invalid setting or a student that the teacher cannot have, DataError for texts that cannot be read,
   * EngineError for a loss that is not a number, if memory is exhausted or if the session has ended, AbortError.
   */
  async distill(options: DistillOptions): Promise<SessionDistillResult>;
  async distill(options: DistillOptions & WhenAborted): Promise<SessionDistillResult | SessionStoppedDistillResult>;
  async distill(options: DistillOptions & WhenAborted): Promise<SessionDistillResult | SessionStoppedDistillResult> {
    const link = this.#link;
    const { model, unsaved, ...rest } = await link.call("distill", options);
    return saved({ model: sessionModel(link, model), ...rest }, unsaved);
  }

  /** Evaluates a classifier of this session on labeled texts: see {@link roformer/train!evaluate}. */
  async evaluate(model: SessionModel, options: EvaluateOptions): Promise<AnyEvaluation> {
    const handle = handleOf(model, this.#link);
    if (handle === undefined) throw new ConfigError("evaluate: the model is not one of this session's");
    return this.#link.call("evaluate", handle, options);
  }

  /**
   * Converts the model of one folder to another: number type, shards, order of rotary pairs, or to a RoFormer. See
   * {@link roformer!convert}. The worker reads and writes the files.
   */
  convert(source: FileSource, out: string, options: ConvertOptions = {}): Promise<Conversion> {
    return this.#link.call("convert", source, out, options);
  }

  /** Describes a folder or one file of weights, without reading the numbers: see {@link roformer!inspect}. */
  inspect(source: FileSource): Promise<Inspection> {
    return this.#link.call("inspect", source, undefined);
  }

  /** The build and threads that the worker's engine uses on this machine, and why. Does not wait for other calls. */
  doctor(): Promise<Diagnosis> {
    return this.#link.call("doctor");
  }

  /** The memory of the worker's engine. Does not wait for other calls. */
  memory(): Promise<MemoryReport> {
    return this.#link.call("memory");
  }

  /** Ends the worker, if it has not ended, and starts a new one, without models. Calls that wait are rejected with an EngineError. */
  restart(): Promise<void> {
    this.#restarting ??= traced(() => this.#startAgain()).finally(() => {
      this.#restarting = undefined;
    });
    return this.#restarting;
  }

  /** Ends the worker at once and for good. Calls that wait, and open streams, are rejected with an EngineError. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#link.close(CLOSED);
    await this.#restarting?.catch(() => undefined);
  }

  async #startAgain(): Promise<void> {
    if (this.#closed) throw closed();
    await this.#link.close("the session was restarted");
    const link = await startLink(this.#source, this.#options);
    if (this.#closed) {
      await link.close(CLOSED);
      throw closed();
    }
    this.#link = link;
  }

  /** {@link close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #keep<H extends HeadName, K extends "load" | "create">(
    call: (link: Link) => Promise<ResultOf<K & keyof Commands>>,
  ): Promise<SessionModel<H>> {
    const link = this.#link;
    return sessionModel<H>(link, await call(link));
  }
}

/** Engine options in a form that can be cloned. */
async function sendableOptions({ wasm, tokenizerWasm, ...rest }: EngineOptions): Promise<SentEngineOptions> {
  return {
    ...rest,
    ...(wasm !== undefined && { wasm: await sendable(wasm) }),
    ...(tokenizerWasm !== undefined && { tokenizerWasm: await sendable(tokenizerWasm) }),
  };
}

/** The result of a training, or the error that carries it. */
function saved<R>(result: R, unsaved: { message: string; savedIn: string | undefined } | undefined): R {
  if (unsaved === undefined) return result;
  throw new UnsavedError(unsaved.message, { result, savedIn: unsaved.savedIn });
}
