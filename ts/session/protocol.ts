import type { EngineOptions } from "../engine/engine.js";
import type { CompiledModules, SentWasm } from "../engine/wasmSource.js";
import type { Inlined } from "../platform/index.js";
import { marked } from "./transfer.js";

/** What a session's worker is sent first. */
export interface Greeting {
  /** Carries calls, by Comlink, and {@link Heard} between them, so that these arrive before what they belong to ends. */
  readonly port: MessagePort;
  /** A lock that the worker holds to its end, where there are locks. */
  readonly lock: string;
  /** Files that the worker would not find. */
  readonly files: Inlined | undefined;
  /** What earlier workers have compiled. */
  readonly modules: CompiledModules;
}

/** What a worker has compiled, for later ones. */
export interface Compiled {
  readonly compiled: string;
  readonly module: CompiledModules extends Map<string, infer M> ? M : never;
}

/** Settings of the worker's engine, as they can be cloned: a URL is its text. */
export interface SentEngineOptions extends Omit<EngineOptions, "wasm" | "tokenizerWasm"> {
  readonly wasm?: SentWasm | undefined;
  readonly tokenizerWasm?: SentWasm | undefined;
}

/** Methods of a model that change nothing: any session that has the model can answer. */
export const ASKING = ["classify", "embed", "search", "fillMask", "tagTokens", "answer", "choose", "forward"] as const;

/** Methods of a model that a session hands on as they are. */
export const MODEL_METHODS = [...ASKING, "files", "save"] as const;
/** One of them. */
export type ModelMethod = (typeof MODEL_METHODS)[number];

/** What a model is, which the caller's side knows without asking. */
const FACTS = ["config", "head", "missing", "unexpected", "mismatched", "sentences"] as const;
/** The name of one of them. */
export type Fact = (typeof FACTS)[number];

/** The facts of a model. */
export const factsOf = <T extends Record<Fact, unknown>>(model: T): Pick<T, Fact> =>
  Object.fromEntries(FACTS.map((name) => [name, model[name]])) as Pick<T, Fact>;

/** What a command is called in messages: a model's method by its own name. */
export const shownName = (command: string, args: readonly unknown[]): string =>
  command === "method" ? String(args[1]) : command;

/** What functions of an options object may listen to: they stay on the caller's side, and the worker calls them by name. */
const LISTENERS = ["onProgress", "onMessage"] as const;

/** What stays on the caller's side. */
const HOOKS = [...LISTENERS, "signal"];

/** One of {@link LISTENERS}. */
export type Listener = (typeof LISTENERS)[number];

/** What a worker says of a message that it cannot read. */
export const UNREADABLE = "unreadable";

/** A call of a listener. */
export interface Heard {
  readonly call: number;
  readonly listener: Listener;
  readonly value: unknown;
}

/** What one call wants beside its arguments. */
export interface Wants {
  readonly id: number;
  readonly listeners: readonly Listener[];
  /** Whether it may be aborted: it has a signal, or listeners, which may throw. */
  readonly abortable: boolean;
}

/** Arguments without what cannot be cloned, and that. */
export interface Detached {
  readonly args: unknown[];
  readonly listeners: Partial<Record<Listener, (value: unknown) => void>>;
  readonly signal: AbortSignal | undefined;
}

/** Takes listeners and signal out of the last argument, if that is an options object. */
export function detach(args: readonly unknown[]): Detached {
  const options = args.at(-1);
  // What needs no change is not copied, and keeps its marks.
  if (!isPlain(options) || !HOOKS.some((name) => name in options))
    return { args: [...args], listeners: {}, signal: undefined };
  const { signal, ...copy } = options;
  const rest = marked(copy, options);
  const found = LISTENERS.filter((name) => typeof rest[name] === "function");
  const listeners = Object.fromEntries(found.map((name) => [name, rest[name]]));
  for (const name of found) delete rest[name];
  if (!(signal instanceof AbortSignal)) {
    if (signal !== undefined) rest.signal = signal; // whoever reads it says what is wrong with it
    return { args: [...args.slice(0, -1), rest], listeners, signal: undefined };
  }
  return { args: [...args.slice(0, -1), rest], listeners, signal };
}

/** The other way round: arguments with `signal`, and with listeners that tell `hear`. */
export function attach(args: readonly unknown[], wants: Wants, signal: AbortSignal, hear: Hear): unknown[] {
  if (!wants.abortable) return [...args];
  const listeners = wants.listeners.map((name) => [name, (value: unknown) => hear(name, value)]);
  const options = { ...(args.at(-1) as object), ...Object.fromEntries(listeners), signal };
  return [...args.slice(0, -1), options];
}

type Hear = (listener: Listener, value: unknown) => void;

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value));

/** The buffers of a result's typed arrays that hold nothing else: they change hands instead of being copied. */
export function buffersOf(result: unknown, found = new Set<ArrayBuffer>()): ArrayBuffer[] {
  if (ArrayBuffer.isView(result)) {
    const { buffer, byteLength } = result;
    if (buffer instanceof ArrayBuffer && byteLength === buffer.byteLength) found.add(buffer);
  } else if (Array.isArray(result) || result instanceof Map) for (const one of result.values()) buffersOf(one, found);
  else if (isPlain(result)) for (const one of Object.values(result)) buffersOf(one, found);
  return [...found];
}
