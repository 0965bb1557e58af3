import type { EngineOptions } from "../engine/engine.js";
import type { CompiledModules, SentWasm } from "../engine/wasm/source.js";
import type { PipelineFacts, PipelineName } from "../pipelines/index.js";
import type { Inlined } from "../platform/index.js";
import { marked } from "./transfer.js";

/** The first message to a session's worker. */
export interface Greeting {
  /** Carries Comlink's messages, and each {@link ListenerCall}, which so arrives before its call's answer. */
  readonly port: MessagePort;
  /** The name of a lock that the worker holds to its end, where there are locks. */
  readonly lock: string;
  /** Files that the worker cannot find by itself. */
  readonly files: Inlined | undefined;
  /** Modules that earlier workers have compiled. */
  readonly modules: CompiledModules;
}

/** A module that a worker has compiled, for later ones. */
export interface Compiled {
  readonly compiled: string;
  readonly module: CompiledModules extends Map<string, infer M> ? M : never;
}

/** Settings of the worker's engine in a form that can be cloned: a URL is a string. */
export interface SentEngineOptions extends Omit<EngineOptions, "wasm" | "tokenizerWasm"> {
  readonly wasm?: SentWasm | undefined;
  readonly tokenizerWasm?: SentWasm | undefined;
}

/** Methods of a model that a session hands on as they are. */
export type ModelMethod = PipelineName | "forward" | "files" | "save";

/** What the worker says of the pipelines: bundlers would put them into the page with their list. */
export type Pipelines = Readonly<Record<PipelineName, PipelineFacts>>;

/** The name of a command in messages; for a model's method, the method's name. */
export const shownName = (command: string, args: readonly unknown[]): string =>
  command === "method" ? String(args[1]) : command;

/** A worker's answer to a message that it cannot read. */
export const UNREADABLE = "unreadable";

/** The functions among a call's options, by name: they stay on the caller's side, and the worker calls them by name. */
export type Listeners = Readonly<Record<string, (...args: readonly unknown[]) => unknown>>;

/** The worker calls a listener. */
export interface ListenerCall {
  readonly call: number;
  readonly listener: string;
  readonly args: readonly unknown[];
}

/** What the worker needs to know about a call besides its arguments. */
export interface CallOptions {
  readonly id: number;
  /** Names of its listeners. */
  readonly listeners: readonly string[];
  /** Whether it may be aborted: it has a signal, or listeners, which may throw. */
  readonly abortable: boolean;
}

/** The answer to a call: its result, or a note that the result is a stream, whose values are requested one by one. */
export type Answer = { readonly value: unknown } | { readonly stream: true };

/** How a stream is advanced: by the method of that name of the worker's iterator. */
export type Step = "next" | "return" | "throw";

/** The result of a step. */
export type StepResult = IteratorResult<unknown, unknown>;

/** Arguments that can be cloned, and the parts that were removed from them. */
export interface Detached {
  readonly args: unknown[];
  readonly listeners: Listeners;
  readonly signal: AbortSignal | undefined;
}

/** Removes functions and the signal from the last argument, if it is an options object. */
export function detach(args: readonly unknown[]): Detached {
  const options = args.at(-1);
  const listeners: Record<string, Listeners[string]> = {};
  let signal: AbortSignal | undefined;
  if (!isOptions(options)) return { args: [...args], listeners, signal };
  const rest: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    if (typeof value === "function") listeners[name] = value;
    else if (name === "signal" && value instanceof AbortSignal) signal = value;
    else rest[name] = value;
  }
  return { args: [...args.slice(0, -1), marked(rest, options)], listeners, signal };
}

/** Puts `signal` and functions that call `notify` back into the last argument. */
export function attach(
  args: readonly unknown[],
  { abortable, listeners }: CallOptions,
  signal: AbortSignal,
  notify: (listener: string, args: readonly unknown[]) => void,
): unknown[] {
  if (!abortable) return [...args];
  const functions = listeners.map((name) => [name, (...given: unknown[]) => notify(name, given)]);
  const options = { ...(args.at(-1) as object), ...Object.fromEntries(functions), signal };
  return [...args.slice(0, -1), options];
}

/** Literals, instances of classes and modules, as in `checkOptions`. */
const isOptions = (value: unknown): value is object =>
  /^\[object (Object|Module)\]$/.test(Object.prototype.toString.call(value));

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value));

/** The buffers of a result's typed arrays that contain nothing else: they are transferred instead of copied. */
export function buffersOf(result: unknown, found = new Set<ArrayBuffer>()): ArrayBuffer[] {
  if (ArrayBuffer.isView(result)) {
    const { buffer, byteLength } = result;
    if (buffer instanceof ArrayBuffer && byteLength === buffer.byteLength) found.add(buffer);
  } else if (Array.isArray(result) || result instanceof Map) for (const one of result.values()) buffersOf(one, found);
  else if (isPlain(result)) for (const one of Object.values(result)) buffersOf(one, found);
  return [...found];
}
