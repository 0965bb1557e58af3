import { transfer } from "comlink";
import { doctor } from "../engine/doctor.js";
import { init } from "../engine/engine.js";
import { memory } from "../engine/memory.js";
import { AbortError, ConfigError, EngineError, UnsavedError } from "../errors.js";
import type { FileSource } from "../io/files.js";
import type { RoFormerConfigInput } from "../models/config.js";
import { convert } from "../models/convert.js";
import { inspect } from "../models/inspect.js";
import type { CreateOptions } from "../models/interface.js";
import type { LoadOptions } from "../models/load.js";
import { RoFormer } from "../models/roformer.js";
import { platform } from "../platform/index.js";
import { type EvaluateOptions, evaluate } from "../train/evaluate.js";
import { type FinetuneOptions, finetune } from "../train/finetune.js";
import { type PretrainOptions, pretrain } from "../train/pretrain.js";
import {
  attach,
  buffersOf,
  type Fact,
  factsOf,
  type Heard,
  type Listener,
  type ModelMethod,
  type SentEngineOptions,
  shownName,
  type Wants,
} from "./protocol.js";

/** What the caller's side knows of a model. */
export type ModelFacts = Pick<RoFormer, Fact> & {
  readonly handle: number;
  readonly hasTokenizer: boolean;
};

/** Models of this worker, by number. */
class Models {
  readonly #models = new Map<number, RoFormer>();
  #count = 0;

  keep(model: RoFormer): ModelFacts {
    this.#models.set(++this.#count, model);
    return { ...factsOf(model), handle: this.#count, hasTokenizer: model.tokenizer !== undefined };
  }

  get(handle: number): RoFormer {
    const model = this.#models.get(handle);
    if (model === undefined) throw new EngineError("the model is closed", { reason: "closed" });
    return model;
  }

  close(handle: number): void {
    this.#models.get(handle)?.close();
    this.#models.delete(handle);
  }
}

const tokenizerOf = (model: RoFormer) => {
  if (model.tokenizer) return model.tokenizer;
  throw new ConfigError("the model has no tokenizer");
};

/** The result of a training; of one whose model could not be saved too, since errors carry no models from one side to the other. */
async function trained<R extends { readonly model: RoFormer }>(models: Models, training: Promise<R>) {
  const kept = ({ model, ...rest }: R) => ({ model: models.keep(model), ...rest });
  try {
    return { ...kept(await training), unsaved: undefined };
  } catch (error) {
    if (!(error instanceof UnsavedError)) throw error;
    const { message, savedIn, result } = error as UnsavedError<R>;
    return { ...kept(result), unsaved: { message, savedIn } };
  }
}

/** All that a session can be asked: both sides are typed from here. The first argument is the worker's own. */
const commands = {
  load: async (models: Models, source: FileSource, options?: LoadOptions) =>
    models.keep(await RoFormer.load(source, options)),
  create: (models: Models, config: RoFormerConfigInput, options?: Omit<CreateOptions, "tokenizer">) =>
    models.keep(RoFormer.create(config, options)),
  finetune: (models: Models, options: FinetuneOptions) => trained(models, finetune(options)),
  pretrain: (models: Models, options: PretrainOptions) => trained(models, pretrain(options)),
  evaluate: (models: Models, model: number, options: EvaluateOptions) => evaluate(models.get(model), options),
  convert: (_: Models, ...args: Parameters<typeof convert>) => convert(...args),
  inspect: (_: Models, ...args: Parameters<typeof inspect>) => inspect(...args),
  doctor: () => doctor(),
  memory: () => memory(),
  close: (models: Models, model: number) => models.close(model),
  // biome-ignore lint/suspicious/noExplicitAny: the caller's side has each method's own types
  method: (models: Models, handle: number, name: ModelMethod, ...args: any[]) => {
    const model = models.get(handle);
    return (model[name] as (...args: unknown[]) => unknown).apply(model, args);
  },
  encode: (models: Models, model: number, ...args: Parameters<Encode<"encode">>) =>
    tokenizerOf(models.get(model)).encode(...args),
  encodeBatch: (models: Models, model: number, ...args: Parameters<Encode<"encodeBatch">>) =>
    tokenizerOf(models.get(model)).encodeBatch(...args),
  decode: (models: Models, model: number, ...args: Parameters<Encode<"decode">>) =>
    tokenizerOf(models.get(model)).decode(...args),
  valueAndGrad: (models: Models, model: number, ...args: Parameters<RoFormer["valueAndGrad"]>) => {
    const { loss, gradients } = models.get(model).valueAndGrad(...args);
    // They are copied when they are read.
    const copied = [...gradients].map(([name, { data, shape }]) => [name, { data, shape }] as const);
    return { loss, gradients: new Map(copied) };
  },
  parameters: (models: Models, model: number) =>
    models
      .get(model)
      .parameters()
      .map(({ name, shape }) => ({ name, shape })),
  read: (models: Models, model: number, parameter: string) => parameterOf(models.get(model), parameter).read(),
  write: (models: Models, model: number, parameter: string, values: ArrayLike<number>) =>
    parameterOf(models.get(model), parameter).write(values),
};

type Encode<K extends "encode" | "encodeBatch" | "decode"> = NonNullable<RoFormer["tokenizer"]>[K];

function parameterOf(model: RoFormer, name: string) {
  const found = model.parameters().find((one) => one.name === name);
  if (found === undefined) throw new ConfigError(`the model has no parameter ${name}`);
  return found;
}

/** Commands by name. */
export type Commands = typeof commands;
/** What a command is given. */
export type ArgumentsOf<K extends keyof Commands> = Commands[K] extends (models: Models, ...args: infer A) => unknown
  ? A
  : never;
/** What a command gives. */
export type ResultOf<K extends keyof Commands> = Awaited<ReturnType<Commands[K]>>;

/** They tell what is, change nothing, and wait for nothing. */
const AT_ONCE: ReadonlySet<string> = new Set(["doctor", "memory"] satisfies (keyof Commands)[]);

/** The worker's side of a session: one call runs at a time, in the order in which they came. */
export class Host {
  readonly #models = new Models();
  readonly #aborts = new Map<number, AbortController>();
  readonly #port: MessagePort;
  #last: Promise<unknown> = Promise.resolve();

  /** `port` takes what listeners are told. */
  constructor(port: MessagePort) {
    this.#port = port;
  }

  /** Starts the engine. */
  async start({ wasm, tokenizerWasm, ...options }: SentEngineOptions): Promise<void> {
    const source = <T>(given: T) => (typeof given === "string" ? new URL(given) : given) as Exclude<T, string> | URL;
    await init({
      ...options,
      ...(wasm !== undefined && { wasm: source(wasm) }),
      ...(tokenizerWasm !== undefined && { tokenizerWasm: source(tokenizerWasm) }),
    });
  }

  /** Runs a command when its turn comes; one that is aborted before that does not run. */
  async call(wants: Wants, name: keyof Commands, ...args: unknown[]): Promise<unknown> {
    const controller = new AbortController();
    this.#aborts.set(wants.id, controller);
    try {
      const result = await this.#inTurn(name, shownName(name, args), controller.signal, () => {
        const hear = (listener: Listener, value: unknown) => this.#hear({ call: wants.id, listener, value });
        const given = attach(args, wants, controller.signal, hear);
        return (commands[name] as (...args: unknown[]) => unknown)(this.#models, ...given);
      });
      return typeof result === "object" && result !== null ? transfer(result, buffersOf(result)) : result;
    } finally {
      this.#aborts.delete(wants.id);
    }
  }

  /** Aborts a call, if it has not ended. */
  abort(call: number): void {
    this.#aborts.get(call)?.abort();
  }

  #inTurn(name: keyof Commands, shown: string, signal: AbortSignal, run: () => unknown): Promise<unknown> {
    if (AT_ONCE.has(name)) return Promise.resolve(run());
    return new Promise((resolve, reject) => {
      const leave = () => reject(new AbortError(`${shown} was aborted before its turn came`));
      signal.addEventListener("abort", leave);
      this.#last = this.#last.then(async () => {
        signal.removeEventListener("abort", leave);
        if (signal.aborted) return;
        try {
          resolve(await run());
        } catch (error) {
          reject(error);
        }
        await platform.turn(); // aborts of those that wait, and questions that wait for nobody
      });
    });
  }

  #hear(event: Heard): void {
    this.#port.postMessage(event);
  }
}
