import { type Remote, wrap } from "comlink";
import type { CompiledModules } from "../engine/wasmSource.js";
import { AbortError, ConfigError, EngineError, type ErrorReason, RoFormerError } from "../errors.js";
import { inlined, platform, type StartedWorker, type WorkerEnd, type WorkerSource } from "../platform/index.js";
import { onAbort } from "./aborts.js";
import { traced } from "./callers.js";
import type { checkCall } from "./calls.js";
import { isReceived, keepErrorClasses } from "./errors.js";
import type { ArgumentsOf, Commands, Host, ResultOf } from "./host.js";
import {
  type Compiled,
  type Detached,
  detach,
  type Greeting,
  type Heard,
  type Listener,
  type SentEngineOptions,
  shownName,
  UNREADABLE,
} from "./protocol.js";

/** Where a runtime sends what cannot be read, it does not tell which call it was. */
const UNREAD =
  "session: a call's arguments cannot be read by the worker: was a buffer given away twice? All calls that waited end with it";

type Message = Heard | Compiled | typeof UNREADABLE;

/** Compiled once for all sessions: allocators do not give back all that compiling takes. */
const modules: CompiledModules = new Map();

/** Why a session has ended, in words and for programs. */
interface Ending {
  readonly message: string;
  readonly reason: ErrorReason;
}

/** A call that has not ended. */
interface Pending extends Pick<Detached, "listeners"> {
  readonly reject: (error: unknown) => void;
}

/**
 * One worker, and Comlink's way to it, with what Comlink lacks: errors of their own classes, an end of every call when the
 * worker ends, signals and listeners, and no handle left behind.
 */
export class Link {
  readonly worker: StartedWorker;
  readonly #port: MessagePort;
  readonly #host: Remote<Host>;
  readonly #pending = new Map<number, Pending>();
  readonly #watch = new AbortController();
  readonly #lock = `roformer-session-${Date.now()}-${Math.random().toString(36).slice(2)}`;
  /** Loaded while the worker starts: a page should wait for little. */
  #check: typeof checkCall | undefined;
  #ended: Ending | undefined;
  #started = false;
  #calls = 0;

  constructor(source: WorkerSource | undefined) {
    keepErrorClasses();
    this.worker = startWorker(source, (why, reason) => this.#killed(`the session's worker ended: ${why}`, reason));
    const { port1, port2 } = new MessageChannel();
    const greeting: Greeting = { port: port2, lock: this.#lock, files: inlined, modules };
    this.worker.postMessage(greeting, [port2]);
    this.#port = port1;
    for (const [kind, listener] of this.#listeners) port1.addEventListener(kind, listener as EventListener);
    this.#host = wrap<Host>(port1);
    unref(port1);
  }

  /** Why no call can be made any more; undefined while calls can. */
  get ended(): string | undefined {
    return this.#ended?.message;
  }

  /** Waits for the worker and its engine. Errors: what `init` throws; EngineError where the worker does not start. */
  async start(options: SentEngineOptions): Promise<void> {
    const started = this.#pend({}, () => sent("createSession", this.#host.start(options)));
    const [{ checkCall }] = await Promise.all([import("./calls.js"), started]);
    this.#check = checkCall;
    this.#started = true;
    platform.lockReleased(this.#lock, this.#watch.signal).then(() => this.#killed("the session's worker was killed"));
  }

  /** Runs a command in the worker. Signal and listeners stand in the last argument, as everywhere. */
  call<K extends keyof Commands>(name: K, ...given: ArgumentsOf<K>): Promise<ResultOf<K>> {
    return traced(() => this.#call(name, given));
  }

  async #call<K extends keyof Commands>(name: K, given: ArgumentsOf<K>): Promise<ResultOf<K>> {
    const shown = shownName(name, given);
    this.#check?.(shown, name === "method" ? given.slice(2) : given);
    const { args, listeners, signal } = detach(given);
    const names = Object.keys(listeners) as Listener[];
    const wants = { id: ++this.#calls, listeners: names, abortable: signal !== undefined || names.length > 0 };
    if (signal?.aborted) throw new AbortError(`${shown} was aborted before its turn came`, { cause: signal.reason });
    const forget = onAbort(signal, () => void this.#host.abort(wants.id));
    try {
      const ask = () => sent(shown, this.#host.call(wants, name, ...args) as Promise<ResultOf<K>>);
      return await this.#pend(listeners, ask, wants.id);
    } catch (error) {
      if (error instanceof AbortError && signal?.aborted) error.cause = signal.reason;
      throw error;
    } finally {
      forget();
    }
  }

  /** Ends the worker; calls that wait are rejected. */
  async close(why: string): Promise<void> {
    this.#bury(why);
    await this.worker.terminate();
  }

  /** What `make` promises, unless the worker ends before; the process lives until then. */
  async #pend<T>(listeners: Pending["listeners"], make: () => Promise<T>, id = 0): Promise<T> {
    if (this.#ended) throw endError(this.#ended);
    this.worker.hold(true);
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#pending.set(id, { reject, listeners });
        make().then(resolve, reject);
      });
    } finally {
      this.#pending.delete(id);
      if (this.#pending.size === 0) this.worker.hold(false);
    }
  }

  readonly #listeners = [
    ["message", ({ data }: MessageEvent<Message>) => this.#hear(data)],
    ["messageerror", () => this.#killed("the session's worker sent what cannot be read")],
  ] as const;

  #hear(data: Message): void {
    if (data === UNREADABLE) {
      this.#rejectAll(() => new ConfigError(UNREAD));
      return;
    }
    if ("compiled" in data) modules.set(data.compiled, data.module);
    if (!("listener" in data)) return; // Comlink's
    const { call, listener, value } = data;
    const pending = this.#pending.get(call);
    try {
      pending?.listeners[listener]?.(value);
    } catch (error) {
      // As where there is no worker between: what a listener throws ends the call.
      pending?.reject(error);
      void this.#host.abort(call);
    }
  }

  /** An error each: every call has lines of its own in its stack. */
  #rejectAll(make: () => Error): void {
    for (const { reject } of this.#pending.values()) reject(make());
  }

  #killed(why: string, reason?: ErrorReason): void {
    this.#bury(this.#started ? `${why}; session.restart() starts a new one, without models` : why, reason);
  }

  #bury(message: string, reason: ErrorReason = "closed"): void {
    if (this.#ended) return;
    const ended = { message, reason };
    this.#ended = ended;
    this.#watch.abort();
    // Comlink remembers the port until nobody has its proxy any more, which this object has: nothing of it may stay there.
    for (const [kind, listener] of this.#listeners) this.#port.removeEventListener(kind, listener as EventListener);
    this.#port.close();
    this.#rejectAll(() => endError(ended));
    void this.worker.terminate();
  }
}

const endError = ({ message, reason }: Ending): EngineError => new EngineError(message, { reason });

/** An answer of the worker. What fails otherwise is that the question could not be sent. */
async function sent<T>(name: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (isReceived(error)) throw error;
    const { message } = error as Error;
    throw new ConfigError(`session: ${name} was given what cannot be sent to its worker (${message})`, {
      cause: error,
    });
  }
}

/** Browsers refuse some scripts at once, as those of other origins. */
function startWorker(source: WorkerSource | undefined, onEnd: WorkerEnd): StartedWorker {
  try {
    return platform.startWorker(source, onEnd);
  } catch (error) {
    if (error instanceof RoFormerError) throw error;
    throw new EngineError(`the session's worker cannot be started: ${(error as Error | null)?.message}`, {
      cause: error,
    });
  }
}

/** In Node a port keeps the process alive, which is the worker's business while a call waits. */
const unref = (port: MessagePort): void => (port as unknown as { unref?: () => void }).unref?.();
