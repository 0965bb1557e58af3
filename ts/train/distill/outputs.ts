import { sortedBatches } from "../../data/batches.js";
import { AbortError, DataError } from "../../errors.js";
import { reason } from "../../io/files.js";
import { hashOf } from "../../io/hashes.js";
import type { Model } from "../../models/model.js";
import { BATCH_TOKENS } from "../../pipelines/run.js";
import { pacer } from "../../platform/pacer.js";
import type { CacheStore } from "./cache.js";
import type { Objective, TeacherRecord } from "./objectives/objective.js";
import { isWhole, partOf, recordOf, startsOf } from "./part.js";
import type { Reading } from "./readings.js";

/** Texts whose outputs are one part of the cache: what a crash may cost, and what is in memory at once. */
const TOGETHER = 1024;

/** Changes where older parts would be read as something else. */
const FORMAT = 1;

/** Who computes, what, for whom, and who watches. */
export interface OutputSettings {
  readonly teacher: Model;
  /** What the teacher is: its weights, configuration and tokenizer. */
  readonly identity: string;
  readonly objective: Objective;
  readonly store: CacheStore;
  readonly signal: AbortSignal | undefined;
  readonly onMessage: (line: string) => void;
}

/** What a teacher makes of texts: computed once, kept in a cache, and read text by text. */
export class TeacherOutputs {
  private readonly store: CacheStore;
  private readonly sizes: readonly ReturnType<Objective["sizeOf"]>[];
  private readonly parts: readonly { readonly name: string; readonly starts: Float64Array }[];

  private constructor(store: CacheStore, sizes: TeacherOutputs["sizes"], parts: TeacherOutputs["parts"]) {
    [this.store, this.sizes, this.parts] = [store, sizes, parts];
  }

  /**
   * Computes what is not in the cache. A part that is not whole is computed again. Errors: DataError where the cache cannot be written,
   * AbortError, EngineError.
   */
  static async of(readings: readonly Reading[], settings: OutputSettings): Promise<TeacherOutputs> {
    const { objective, store, identity } = settings;
    const groups = Array.from({ length: Math.ceil(readings.length / TOGETHER) }, (_, g) =>
      readings.slice(g * TOGETHER, (g + 1) * TOGETHER),
    );
    const parts: { name: string; starts: Float64Array }[] = [];
    let [done, kept, said] = [0, 0, performance.now()];
    for (const group of groups) {
      const name = await nameOf(group, identity, objective);
      const starts = startsOf(group.map(objective.sizeOf));
      if (await isWhole(store, name, starts.at(-1)!)) kept += group.length;
      else await write(name, group, settings);
      parts.push({ name, starts });
      done += group.length;
      if (performance.now() - said < 10_000 || done === readings.length) continue;
      said = performance.now();
      settings.onMessage(`teacher: ${done} of ${readings.length} texts`);
    }
    const fresh = readings.length - kept;
    settings.onMessage(
      `the teacher's outputs of ${readings.length} texts: ${fresh} computed, ${kept} from ${store.name}`,
    );
    return new TeacherOutputs(store, readings.map(objective.sizeOf), parts);
  }

  /** The records of some texts, by number. Errors: DataError where the cache was changed meanwhile. */
  read(texts: readonly number[]): Promise<TeacherRecord[]> {
    return Promise.all(texts.map((text) => this.recordOf(text)));
  }

  private async recordOf(text: number): Promise<TeacherRecord> {
    const { name, starts } = this.parts[Math.floor(text / TOGETHER)]!;
    const at = text % TOGETHER;
    const [start, end] = [starts[at]!, starts[at + 1]!];
    const bytes = await this.store.read(name, start, end);
    if (bytes.length !== end - start)
      throw new DataError(`${this.store.name}: the teacher's outputs were changed while they were read`);
    return recordOf(bytes, this.sizes[text]!);
  }
}

/** A part's name: a hash of what its contents follow from. */
function nameOf(readings: readonly Reading[], identity: string, { key }: Objective): Promise<string> {
  const encoder = new TextEncoder();
  function* pieces() {
    yield encoder.encode(JSON.stringify({ format: FORMAT, identity, key }));
    for (const { teacher, before, behind, hidden } of readings)
      yield encoder.encode(
        JSON.stringify([Array.from(teacher.ids), Array.from(teacher.typeIds), before, behind, hidden]),
      );
  }
  return hashOf(pieces());
}

async function write(name: string, readings: readonly Reading[], settings: OutputSettings): Promise<void> {
  const { teacher, objective, store, signal } = settings;
  const records: TeacherRecord[] = new Array(readings.length);
  const pause = pacer();
  const lengths = readings.map((reading) => reading.teacher.ids.length);
  for (const batch of sortedBatches(lengths, { tokens: BATCH_TOKENS })) {
    if (signal?.aborted) throw new AbortError("stopped while the teacher computed", { cause: signal.reason });
    const made = objective.records(
      teacher,
      batch.map((i) => readings[i]!),
    );
    for (const [i, record] of made.entries()) records[batch[i]!] = record;
    await pause();
  }
  const bytes = await partOf(records, readings.map(objective.sizeOf));
  try {
    await store.write(name, bytes);
  } catch (error) {
    throw new DataError(`${store.name} cannot be written: ${reason(error)}`, { cause: error });
  }
}
