import { CheckpointError } from "../../errors.js";
import { type Files, fileName } from "../../io/files.js";
import type { Content } from "../../platform/index.js";
import { platform } from "../../platform/index.js";
import type { EpochLosses } from "../reading.js";
import { fromExactJson, toExactJson } from "./exactJson.js";
import type { Fingerprint } from "./fingerprint.js";
import { STATE } from "./store.js";

/** Where a loop stands, beside the numbers of its model and optimizer. */
export interface LoopState {
  /** Steps made. */
  readonly step: number;
  /** Evaluations since the best one. */
  readonly waited: number;
  /** Whether no further step is to be made. */
  readonly isOver: boolean;
  /** Losses of the steps since the last evaluation. */
  readonly losses: readonly number[];
  readonly history: readonly EpochLosses[];
  /** What the log says of the best evaluation. */
  readonly best?: object | undefined;
  /** What the run took so far. */
  readonly taken: Taken;
}

/** What a run took. */
export interface Taken {
  readonly seconds: number;
  /** Seconds that were not for steps. */
  readonly paused: number;
  readonly tokens: number;
}

/** What `state.json` says. */
export interface CheckpointState {
  readonly format: typeof FORMAT;
  readonly run: Fingerprint;
  readonly loop: LoopState;
  /** Size and SHA-256 of every other file. */
  readonly files: Readonly<Record<string, { readonly size: number; readonly sha256: string }>>;
}

const FORMAT = 1;

/** Files that are written in order, and behind them a state that knows what they were. */
export function withState(
  files: ReadonlyMap<string, Content>,
  state: Pick<CheckpointState, "run" | "loop">,
): Map<string, Content> {
  const sums: Record<string, { size: number; sha256: string }> = {};
  const summed = [...files].map(([name, content]): [string, Content] => [
    name,
    watchedContent(content, (sum) => {
      sums[name] = sum;
    }),
  ]);
  async function* text() {
    yield new TextEncoder().encode(`${toExactJson({ format: FORMAT, ...state, files: sums })}\n`);
  }
  return new Map([...summed, [STATE, text()]]);
}

async function* watchedContent(
  content: Content,
  note: (sum: { size: number; sha256: string }) => void,
): AsyncGenerator<Uint8Array> {
  const hash = platform.hash("sha256")!; // every platform has this one
  let size = 0;
  const encoder = new TextEncoder();
  for await (const piece of typeof content === "string" || content instanceof Uint8Array ? [content] : content) {
    const bytes = typeof piece === "string" ? encoder.encode(piece) : piece;
    hash.update(bytes);
    size += bytes.length;
    yield bytes;
  }
  note({ size, sha256: await hash.hex() });
}

/** The state of a checkpoint all of whose files are as they were written. Errors: CheckpointError, DataError. */
export async function readState(files: Files): Promise<CheckpointState> {
  const where = fileName(files, STATE);
  const state = parsed(new TextDecoder().decode(await files.read(STATE)), where);
  for (const [name, { size, sha256 }] of Object.entries(state.files)) {
    const found = await files.size(name);
    if (found !== size) throw new CheckpointError(`${fileName(files, name)} is ${found} bytes long; expected ${size}`);
    if ((await hashOfFile(files, name, size)) !== sha256)
      throw new CheckpointError(`${fileName(files, name)} is not as it was written`);
  }
  return state;
}

function parsed(text: string, where: string): CheckpointState {
  let state: CheckpointState;
  try {
    state = fromExactJson(text) as CheckpointState;
  } catch {
    throw new CheckpointError(`${where} is not JSON`);
  }
  if (state?.format !== FORMAT) throw new CheckpointError(`${where} has format ${state?.format}; expected ${FORMAT}`);
  return state;
}

/** Bytes read at once. */
const PIECE = 1 << 24;

async function hashOfFile(files: Files, name: string, size: number): Promise<string> {
  const hash = platform.hash("sha256")!;
  for (let at = 0; at < size; at += PIECE) hash.update(await files.readRange(name, at, Math.min(size, at + PIECE)));
  return hash.hex();
}
