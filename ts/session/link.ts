import { type Remote, wrap } from "comlink";
import type { CompiledModules } from "../engine/wasm/source.js";
import { AbortError, ConfigError, EngineError, type ErrorReason } from "../errors.js";
import { inlined, platform, type StartedWorker, type WorkerEnd } from "../platform/index.js";
import { onAbort, withCause } from "./aborts.js";
import { traced } from "./callers.js";
import type { checkCall } from "./calls.js";
import type { Commands } from "./commands.js";
import { isReceived, keepReceivedErrors } from "./errors.js";
import type { Host } from "./host.js";
import {
  type Answer,
  type Compiled,
  detach,
  type Greeting,
  type ListenerCall,
  type Listeners,
  type Pipelines,
  type SentEngineOptions,
  type StepResult,
  shownName,
  UNREADABLE,
} from "./protocol.js";

/** Runtimes do not tell which call's message could not be read. */
const UNREAD =
  "session: a call's arguments cannot be read by the worker: was a buffer transferred twice? All waiting calls fail";

type Message = ListenerCall | Compiled | typeof UNREADABLE;

/** Compiled once for all sessions: allocators do not return all memory used by compiling. */
const modules: CompiledModules = new Map();

/** Why a session has ended, in words and for programs. */
interface Ending {
  readonly message: string;
  readonly reason: ErrorReason;
}

/** A call that has not ended, or whose stream has not. */
export interface OpenCall {
  readonly id: number;
  readonly shown: string;
  listeners: Listeners;
  /** The error thrown by one of its listeners. */
  thrown?: { readonly error: unknown };
}

/** A question that the worker has not answered. */
interface Question {
  readonly call: OpenCall;
  fail: (error: unknown) => void;
}

// biome-ignore lint/suspicious/noExplicitAny: a table of any functions
type Functions<C> = Readonly<Record<keyof C, (...args: any[]) => unknown>>;

/**
 * One worker and its Comlink connection, with what Comlink lacks: errors with their classes, an end of every call when the
 * worker ends, signals, listeners and streams, and no open handles afterward. `C` are the worker's commands.
 */
export class Link<C extends Functions<C> = Commands> {
  readonly worker: StartedWorker;
  readonly #port: MessagePort;
  readonly #host: Remote<Host>;
  readonly #open = new Map<number, OpenCall>();
  readonly #waiting = new Set<Question>();
  readonly #watch = new AbortController();
  readonly #lock = `roformer-session-${Date.now()}-${Math.random().toString(36).slice(2)}`;
  /** Loaded while the worker starts, to keep the page's first load small. */
  #check: typeof checkCall | undefined;
  /** The pipelines of the worker's models, once it has started. */
  pipelines: Pipelines | undefined;
  #ended: Ending | undefined;
  #started = false;
  #calls = 0;

  constructor(start: (onEnd: WorkerEnd) => StartedWorker) {
    keepReceivedErrors();
    this.worker = start((why, reason) => this.#killed(`the session's worker ended: ${why}`, reason));
    const { port1, port2 } = new MessageChannel();
    const greeting: Greeting = { port: port2, lock: this.#lock, files: inlined, modules };
    this.worker.postMessage(greeting, [port2]);
    this.#port = port1;
    for (const [kind, listener] of this.#handlers) port1.addEventListener(kind, listener as EventListener);
    this.#host = wrap<Host>(port1);
    unref(port1);
  }

  /** Why calls are no longer possible; undefined while they are. */
  get ended(): string | undefined {
    return this.#ended?.message;
  }

  /** Waits for the worker and its engine. Errors: those of `init`; EngineError if the worker does not start. */
  async start(options: SentEngineOptions): Promise<void> {
    const started = this.#ask({ id: 0, shown: "createSession", listeners: {} }, () => this.#host.start(options));
    const [{ checkCall }, pipelines] = await Promise.all([import("./calls.js"), started]);
    [this.#check, this.pipelines] = [checkCall, pipelines];
    this.#started = true;
    platform.lockReleased(this.#lock, this.#watch.signal).then(() => this.#killed("the session's worker was killed"));
  }

  /** Runs a command in the worker. The last argument contains signal and listeners; an async iterable result is one here too. */
  call<K extends string & keyof C>(name: K, ...given: Parameters<C[K]>): Promise<Awaited<ReturnType<C[K]>>> {
    return traced(() => this.#call(name, given)) as Promise<Awaited<ReturnType<C[K]>>>;
  }

  async #call(name: string, given: readonly unknown[]): Promise<unknown> {
    const shown = shownName(name, given);
    this.#check?.(shown, name === "method" ? given.slice(2) : given, this.pipelines);
    const { args, listeners, signal } = detach(given);
    if (signal?.aborted) throw new AbortError(`${shown} was aborted before its turn came`, { cause: signal.reason });
    const call: OpenCall = { id: ++this.#calls, shown, listeners };
    const names = Object.keys(listeners);
    const options = { id: call.id, listeners: names, abortable: signal !== undefined || names.length > 0 };
    this.#open.set(call.id, call);
    const forget = onAbort(signal, () => this.#abort(call));
    const end = () => {
      forget();
      this.#open.delete(call.id);
    };
    let streams = false;
    try {
      const answer = await withCause(signal, () =>
        this.#ask<Answer>(call, () => this.#host.call(options, name, ...args)),
      );
      if ("value" in answer) return answer.value;
      streams = true;
      return await this.#stream(call, signal, end);
    } finally {
      if (!streams) end();
    }
  }

  async #stream(call: OpenCall, signal: AbortSignal | undefined, end: () => void): Promise<AsyncIterable<unknown>> {
    const { CallStream } = await import("./stream.js");
    return new CallStream({
      call,
      signal,
      ended: () => this.#ended !== undefined,
      ask: (step, value) => this.#ask(call, () => this.#host.step(call.id, step, value) as Promise<StepResult>),
      end: (failed) => {
        end();
        if (failed) this.#abort(call);
      },
    });
  }

  #abort({ id }: OpenCall): void {
    if (!this.#ended) void this.#host.abort(id);
  }

  /** Ends the worker; calls that wait are rejected. */
  async close(why: string): Promise<void> {
    this.#end(why);
    await this.worker.terminate();
  }

  /** The answer to `send`, unless the worker ends first; keeps the process alive until then. */
  async #ask<T>(call: OpenCall, send: () => Promise<T>): Promise<T> {
    if (this.#ended) throw endError(this.#ended);
    this.worker.hold(true);
    const question: Question = { call, fail: () => undefined };
    this.#waiting.add(question);
    try {
      return await new Promise<T>((resolve, reject) => {
        question.fail = reject;
        sent(call.shown, send()).then(resolve, reject);
      });
    } finally {
      this.#waiting.delete(question);
      if (this.#waiting.size === 0) this.worker.hold(false);
    }
  }

  readonly #handlers = [
    ["message", ({ data }: MessageEvent<Message>) => this.#receive(data)],
    ["messageerror", () => this.#killed("the session's worker sent a message that cannot be read")],
  ] as const;

  #receive(data: Message): void {
    if (data === UNREADABLE) this.#failAll(() => new ConfigError(UNREAD));
    else if ("compiled" in data) modules.set(data.compiled, data.module);
    else if ("listener" in data) this.#notify(data); // else it is Comlink's
  }

  #notify({ call: id, listener, args }: ListenerCall): void {
    const call = this.#open.get(id);
    if (!call) return; // it has ended
    try {
      call.listeners[listener]?.(...args);
    } catch (error) {
      // As on the main thread, an error of a listener ends the call.
      call.listeners = {};
      call.thrown = { error };
      for (const one of this.#waiting) if (one.call === call) one.fail(error);
      this.#abort(call);
    }
  }

  /** Each call gets its own error, with its own stack. */
  #failAll(make: () => Error): void {
    for (const { fail } of this.#waiting) fail(make());
  }

  #killed(why: string, reason?: ErrorReason): void {
    this.#end(this.#started ? `${why}; session.restart() starts a new one, without models` : why, reason);
  }

  #end(message: string, reason: ErrorReason = "closed"): void {
    if (this.#ended) return;
    const ended = { message, reason };
    this.#ended = ended;
    this.#watch.abort();
    // Comlink keeps the port until its proxy, which this object holds, is collected: remove all listeners.
    for (const [kind, listener] of this.#handlers) this.#port.removeEventListener(kind, listener as EventListener);
    this.#port.close();
    this.#failAll(() => endError(ended));
    void this.worker.terminate();
  }
}

const endError = ({ message, reason }: Ending): EngineError => new EngineError(message, { reason });

/** An answer of the worker. Other failures mean that the call could not be sent. */
async function sent<T>(name: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (isReceived(error)) throw error;
    const { message } = error as Error;
    throw new ConfigError(`session: ${name} got an argument that cannot be sent to its worker (${message})`, {
      cause: error,
    });
  }
}

/** In Node a port keeps the process alive; here the worker does, while a call waits. */
const unref = (port: MessagePort): void => (port as unknown as { unref?: () => void }).unref?.();
