import { transfer } from "comlink";
import { init } from "../engine/engine.js";
import { AbortError } from "../errors.js";
import { platform } from "../platform/index.js";
import {
  type Answer,
  attach,
  buffersOf,
  type CallOptions,
  type ListenerCall,
  type Pipelines,
  type SentEngineOptions,
  type Step,
  shownName,
} from "./protocol.js";
import { advance, isStream, type OpenStream } from "./streams.js";

/** What a host runs. */
export interface CommandTable {
  readonly commands: Readonly<Record<string, (...args: never[]) => unknown>>;
  /** Names of those that do not wait for their turn. */
  readonly immediate: ReadonlySet<string>;
  /** Returns the pipelines of the models, if there are any. */
  readonly pipelines?: () => Promise<Pipelines>;
}

/** The worker's side of a session: runs one call, or one step of a stream, at a time, in the order in which they arrive. */
export class Host {
  readonly #port: MessagePort;
  readonly #table: CommandTable;
  readonly #aborts = new Map<number, AbortController>();
  readonly #streams = new Map<number, OpenStream>();
  #last: Promise<unknown> = Promise.resolve();

  /** Listeners are called over `port`. */
  constructor(port: MessagePort, table: CommandTable) {
    [this.#port, this.#table] = [port, table];
  }

  /** Starts the engine; returns the pipelines of the models. */
  async start({ wasm, tokenizerWasm, ...options }: SentEngineOptions): Promise<Pipelines | undefined> {
    const source = <T>(given: T) => (typeof given === "string" ? new URL(given) : given) as Exclude<T, string> | URL;
    const started = init({
      ...options,
      ...(wasm !== undefined && { wasm: source(wasm) }),
      ...(tokenizerWasm !== undefined && { tokenizerWasm: source(tokenizerWasm) }),
    });
    const [pipelines] = await Promise.all([this.#table.pipelines?.(), started]);
    return pipelines;
  }

  /** Runs a command when its turn comes; one that is aborted before that does not run. */
  async call(options: CallOptions, name: string, ...args: unknown[]): Promise<Answer> {
    const controller = new AbortController();
    const { signal } = controller;
    this.#aborts.set(options.id, controller);
    try {
      const shown = shownName(name, args);
      const command = this.#table.commands[name] as (...args: unknown[]) => unknown;
      const run = () => command(...attach(args, options, signal, this.#notifier(options.id)));
      const value = await (this.#table.immediate.has(name) ? run() : this.#inTurn(shown, signal, run));
      if (isStream(value))
        return await this.#open(options.id, { shown, iterator: value[Symbol.asyncIterator](), signal });
      const answer = { value };
      return transfer(answer, buffersOf(answer));
    } finally {
      if (!this.#streams.has(options.id)) this.#aborts.delete(options.id);
    }
  }

  /** Advances a stream when its turn comes; one that has ended is done. */
  async step(call: number, step: Step, value: unknown): Promise<IteratorResult<unknown, unknown>> {
    const stream = this.#streams.get(call);
    if (stream === undefined) return { done: true, value: step === "return" ? value : undefined };
    const signal = step === "next" ? stream.signal : undefined; // the other steps must run, since they end the stream
    try {
      const result = await this.#inTurn(stream.shown, signal, () => advance(stream.iterator, step, value));
      if (result.done) this.#forget(call);
      return transfer(result, buffersOf(result));
    } catch (error) {
      this.#forget(call);
      throw error;
    }
  }

  /** Aborts a call that has not ended; a stream is ended between two steps. */
  abort(call: number): void {
    this.#aborts.get(call)?.abort();
    const stream = this.#streams.get(call);
    this.#forget(call);
    if (stream) void this.#end(stream);
  }

  async #open(call: number, stream: OpenStream): Promise<Answer> {
    if (stream.signal.aborted) {
      await this.#end(stream);
      throw new AbortError(`${stream.shown} was aborted`);
    }
    this.#streams.set(call, stream);
    return { stream: true };
  }

  /** Ends an iterator without a waiting consumer: ignores what it throws. */
  #end({ shown, iterator }: OpenStream): Promise<unknown> {
    return this.#inTurn(shown, undefined, () => advance(iterator, "return", undefined)).catch(() => undefined);
  }

  #forget(call: number): void {
    this.#streams.delete(call);
    this.#aborts.delete(call);
  }

  #inTurn<T>(shown: string, signal: AbortSignal | undefined, run: () => T | Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const leave = () => reject(new AbortError(`${shown} was aborted before its turn came`));
      signal?.addEventListener("abort", leave);
      this.#last = this.#last.then(async () => {
        signal?.removeEventListener("abort", leave);
        if (signal?.aborted) return leave();
        try {
          resolve(await run());
        } catch (error) {
          reject(error);
        }
        await platform.turn(); // lets aborts and immediate commands in
      });
    });
  }

  #notifier(call: number): (listener: string, args: readonly unknown[]) => void {
    return (listener, args) => this.#port.postMessage({ call, listener, args } satisfies ListenerCall);
  }
}
