import { CheckpointError } from "../../errors.js";
import { type Files, fileName } from "../../io/files.js";
import { newHash } from "../../io/hashes.js";
import type { Content } from "../../platform/index.js";
import type { EpochLosses } from "../reading.js";
import type { Fingerprint } from "./fingerprint.js";
import { sealed, unsealed } from "./sealed.js";
import { STATE } from "./store.js";
import { requireSums, type Sum, type Sums } from "./sums.js";

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
  /** The step of the best evaluation, and what the log says of it. */
  readonly best?: { readonly step: number; readonly figures: object } | undefined;
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
  /** Whether somebody asked for checkpoints, which then stay. */
  readonly isAsked: boolean;
  /** Size and SHA-256 of every other file. */
  readonly files: Sums;
}

const FORMAT = 1;

/** Files that are written in order, and behind them a state that knows what they were. */
export function withState(
  files: ReadonlyMap<string, Content>,
  state: Omit<CheckpointState, "format" | "files">,
): Map<string, Content> {
  const sums: Record<string, Sum> = {};
  const summed = [...files].map(([name, content]): [string, Content] => [
    name,
    watchedContent(content, (sum) => {
      sums[name] = sum;
    }),
  ]);
  async function* text() {
    yield new TextEncoder().encode(await sealed({ format: FORMAT, ...state, files: sums }));
  }
  return new Map([...summed, [STATE, text()]]);
}

async function* watchedContent(content: Content, note: (sum: Sum) => void): AsyncGenerator<Uint8Array> {
  const hash = newHash();
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

/** The state after step `step`, all of whose files are as they were written. Errors: CheckpointError, DataError. */
export async function readState(files: Files, step: number): Promise<CheckpointState> {
  const where = fileName(files, STATE);
  const state = (await unsealed(new TextDecoder().decode(await files.read(STATE)))) as CheckpointState | undefined;
  if (state === undefined) throw new CheckpointError(`${where} is damaged`);
  if (state.format !== FORMAT) throw new CheckpointError(`${where} has format ${state.format}; expected ${FORMAT}`);
  if (state.loop.step !== step) throw new CheckpointError(`${where} is of step ${state.loop.step}`);
  await requireSums(files, state.files);
  return state;
}
