import { type Remote, wrap } from "comlink";
import { AbortError, ConfigError, EngineError, RoFormerError } from "../errors.js";
import { inlined, platform, type StartedWorker, type WorkerSource } from "../platform/index.js";
import { keepErrorClasses } from "./errors.js";
import type { ArgumentsOf, Commands, Host, ResultOf } from "./host.js";
import {
  type Detached,
  detach,
  type Greeting,
  type Heard,
  type Listener,
  type SentEngineOptions,
  shownName,
} from "./protocol.js";

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
  #ended: EngineError | undefined;
  #calls = 0;

  constructor(source: WorkerSource | undefined) {
    keepErrorClasses();
    this.worker = startWorker(source, (reason) => this.#killed(`the session's worker ended: ${reason}`));
    const { port1, port2 } = new MessageChannel();
    this.worker.postMessage({ port: port2, lock: this.#lock, files: inlined } satisfies Greeting, [port2]);
    this.#port = port1;
    port1.addEventListener("message", this.#hear);
    this.#host = wrap<Host>(port1);
    unref(port1);
  }

  /** Why no call can be made any more; undefined while calls can. */
  get ended(): EngineError | undefined {
    return this.#ended;
  }

  /** Waits for the worker and its engine. Errors: what `init` throws; EngineError where the worker does not start. */
  async start(options: SentEngineOptions): Promise<void> {
    await this.#pend({}, () => this.#host.start(options));
    platform.lockReleased(this.#lock, this.#watch.signal).then(() => this.#killed("the session's worker was killed"));
  }

  /** Runs a command in the worker. Signal and listeners stand in the last argument, as everywhere. */
  async call<K extends keyof Commands>(name: K, ...given: ArgumentsOf<K>): Promise<ResultOf<K>> {
    const { args, listeners, signal } = detach(given);
    const names = Object.keys(listeners) as Listener[];
    const wants = { id: ++this.#calls, listeners: names, abortable: signal !== undefined || names.length > 0 };
    const abort = () => void this.#host.abort(wants.id);
    const ask = () => {
      const answer = this.#host.call(wants, name, ...args);
      if (signal?.aborted) abort();
      else signal?.addEventListener("abort", abort);
      return answer as Promise<ResultOf<K>>;
    };
    try {
      return await this.#pend(listeners, ask, wants.id);
    } catch (error) {
      throw this.#explained(shownName(name, given), error, signal);
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  /** Ends the worker; calls that wait are rejected. */
  async close(why = "the session was closed"): Promise<void> {
    this.#bury(why);
    await this.worker.terminate();
  }

  /** What `make` promises, unless the worker ends before; the process lives until then. */
  async #pend<T>(listeners: Pending["listeners"], make: () => Promise<T>, id = 0): Promise<T> {
    if (this.#ended) throw this.#ended;
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

  readonly #hear = ({ data: { call, listener, value } }: MessageEvent<Heard>): void => {
    const pending = this.#pending.get(call);
    try {
      pending?.listeners[listener]?.(value);
    } catch (error) {
      // As where there is no worker between: what a listener throws ends the call.
      pending?.reject(error);
      void this.#host.abort(call);
    }
  };

  #explained(name: string, error: unknown, signal: AbortSignal | undefined): unknown {
    const { name: kind, message } = error as Error;
    if (kind === "DataCloneError")
      return new ConfigError(`session: ${name} was given what cannot be sent to its worker (${message})`, {
        cause: error,
      });
    if (error instanceof AbortError && signal?.aborted) error.cause = signal.reason;
    return error;
  }

  #killed(reason: string): void {
    this.#bury(`${reason}; session.restart() starts a new one, without models`);
  }

  #bury(message: string): void {
    if (this.#ended) return;
    this.#ended = new EngineError(message);
    this.#watch.abort();
    // Comlink remembers the port until nobody has its proxy any more, which this object has.
    this.#port.removeEventListener("message", this.#hear);
    this.#port.close();
    for (const { reject } of this.#pending.values()) reject(this.#ended);
    void this.worker.terminate();
  }
}

/** Browsers refuse some scripts at once, as those of other origins. */
function startWorker(source: WorkerSource | undefined, onEnd: (reason: string) => void): StartedWorker {
  try {
    return platform.startWorker(source, onEnd);
  } catch (error) {
    if (error instanceof RoFormerError) throw error;
    throw new EngineError(`the session's worker cannot be started: ${(error as Error).message}`, { cause: error });
  }
}

/** In Node a port keeps the process alive, which is the worker's business while a call waits. */
const unref = (port: MessagePort): void => (port as unknown as { unref?: () => void }).unref?.();
