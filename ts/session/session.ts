/// <reference lib="esnext.disposable" preserve="true" />
import type { Diagnosis } from "../engine/doctor.js";
import type { EngineOptions } from "../engine/engine.js";
import type { MemoryReport } from "../engine/memory.js";
import { sendable } from "../engine/wasmSource.js";
import { ConfigError, EngineError, UnsavedError } from "../errors.js";
import type { FileSource } from "../io/files.js";
import type { RoFormerConfigInput } from "../models/config.js";
import type { Conversion, ConvertOptions } from "../models/convert.js";
import type { Inspection } from "../models/inspect.js";
import type { CreateOptions } from "../models/interface.js";
import type { LoadOptions } from "../models/load.js";
import { platform, type WorkerSource } from "../platform/index.js";
import type { AnyEvaluation, EvaluateOptions } from "../train/evaluate.js";
import type { FinetuneOptions, FinetuneResult } from "../train/finetune.js";
import type { PretrainOptions, PretrainResult } from "../train/pretrain.js";
import { traced } from "./callers.js";
import type { Commands, ResultOf } from "./host.js";
import { Link } from "./link.js";
import { handleOf, type SessionModel, sessionModel } from "./model.js";
import type { SentEngineOptions } from "./protocol.js";

/** Settings of a session: those of its engine, and where its worker's script is. */
export interface SessionOptions extends EngineOptions {
  /**
   * The script of the worker, `roformer/worker`, where a bundler has put it elsewhere: its address, a path in Node, or in browsers a
   * function that starts it. The package's own unless given.
   */
  readonly worker?: WorkerSource | undefined;
}

/** What {@link Session.finetune} gives: see `FinetuneResult`. */
export interface SessionFinetuneResult extends Omit<FinetuneResult, "model"> {
  /** In the session until it is closed. */
  readonly model: SessionModel;
}

/** What {@link Session.pretrain} gives: see `PretrainResult`. */
export interface SessionPretrainResult extends Omit<PretrainResult, "model"> {
  /** In the session until it is closed. */
  readonly model: SessionModel;
}

/**
 * Starts an engine in a worker of its own: `worker_threads` in Node, a module worker in browsers. The interface is that of the
 * main thread, with a promise for each result; calls run one at a time, in the order in which they are made.
 *
 * ```ts
 * const session = await createSession({ threads: "auto" });
 * const model = await session.load("./my-model");
 * console.log(await model.classify("a text"));
 * await session.close();
 * ```
 *
 * Errors: EngineError where worker or engine do not start, ConfigError for options.
 */
export function createSession(options: SessionOptions = {}): Promise<Session> {
  const { worker, ...engine } = options;
  return traced(async () => {
    const sent = await sendableOptions(engine);
    return new Session(await start(worker, sent), worker, sent);
  });
}

const CLOSED = "the session was closed";
const closed = (): EngineError => new EngineError(CLOSED, { reason: "closed" });

async function start(worker: WorkerSource | undefined, options: SentEngineOptions): Promise<Link> {
  const link = new Link(worker);
  try {
    await link.start(options);
    return link;
  } catch (error) {
    await link.close(CLOSED);
    throw error;
  }
}

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
  get worker(): unknown {
    return this.#link.worker.worker;
  }

  /** See {@link roformer!RoFormer.load}. What `source` names is read by the worker. */
  async load(source: FileSource, options?: LoadOptions): Promise<SessionModel> {
    const sent = source instanceof URL ? platform.addressOf(source) : source;
    return this.#keep((link) => link.call("load", sent, options));
  }

  /** See {@link roformer!RoFormer.create}; a model without a tokenizer. */
  async create(config: RoFormerConfigInput, options?: Omit<CreateOptions, "tokenizer">): Promise<SessionModel> {
    // Its shell would arrive, and nothing that it holds.
    if (options && "tokenizer" in options)
      throw new ConfigError("create: a tokenizer cannot be sent to a session; save a model with it, and load that");
    return this.#keep((link) => link.call("create", config, options));
  }

  /** See {@link roformer/train!finetune}. The model stays in the session. */
  async finetune(options: FinetuneOptions): Promise<SessionFinetuneResult> {
    const link = this.#link;
    const { model, unsaved, ...rest } = await link.call("finetune", options);
    return saved({ model: sessionModel(link, model), ...rest }, unsaved);
  }

  /** See {@link roformer/train!pretrain}. The model stays in the session. */
  async pretrain(options: PretrainOptions): Promise<SessionPretrainResult> {
    const link = this.#link;
    const { model, unsaved, ...rest } = await link.call("pretrain", options);
    return saved({ model: sessionModel(link, model), ...rest }, unsaved);
  }

  /** See {@link roformer/train!evaluate}, for a model of this session. */
  async evaluate(model: SessionModel, options: EvaluateOptions): Promise<AnyEvaluation> {
    const handle = handleOf(model, this.#link);
    if (handle === undefined) throw new ConfigError("evaluate: the model is not one of this session's");
    return this.#link.call("evaluate", handle, options);
  }

  /** See {@link roformer!convert}. Its files are those of the worker's machine: paths are for Node. */
  convert(source: FileSource, out: string, options: ConvertOptions = {}): Promise<Conversion> {
    return this.#link.call("convert", source, out, options);
  }

  /** See {@link roformer!inspect}. */
  inspect(source: FileSource): Promise<Inspection> {
    return this.#link.call("inspect", source);
  }

  /** What the worker's engine makes of this machine, and why not more. Waits for no other call. */
  doctor(): Promise<Diagnosis> {
    return this.#link.call("doctor");
  }

  /** What the memory of the worker's engine holds. Waits for no other call. */
  memory(): Promise<MemoryReport> {
    return this.#link.call("memory");
  }

  /** Ends the worker, if it has not ended, and starts a fresh one: without models. Calls that wait are an EngineError. */
  restart(): Promise<void> {
    this.#restarting ??= traced(() => this.#startAgain()).finally(() => {
      this.#restarting = undefined;
    });
    return this.#restarting;
  }

  /** Ends the worker at once and for good, whatever it does; calls that wait are an EngineError. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#link.close(CLOSED);
    await this.#restarting?.catch(() => undefined);
  }

  async #startAgain(): Promise<void> {
    if (this.#closed) throw closed();
    await this.#link.close("the session was restarted");
    const link = await start(this.#source, this.#options);
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

  async #keep<K extends "load" | "create">(call: (link: Link) => Promise<ResultOf<K & keyof Commands>>) {
    const link = this.#link;
    return sessionModel(link, await call(link));
  }
}

/** Engine options as they can be cloned. */
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
