import { external } from "../../../autograd/external.js";
import { gatherRows } from "../../../ops/embedding.js";
import { integers } from "../../../tensor/tensor.js";
import { softmax } from "../../tasks/vectorLosses.js";
import { divergence, type Outcomes } from "../losses.js";
import { commonPlaces, packed, type Reading } from "../readings.js";
import { type BatchLoss, NONE, type Objective, type TeacherRecord } from "./objective.js";

/** The logits of a classifier, `[labels]` a text, at a temperature. */
export function classifierObjective(labels: number, temperature: number): Objective {
  return {
    key: { records: "logits" },
    agreement: "agreement",
    sizeOf: () => ({ floats: labels, halves: 0 }),
    countOf: (readings) => readings.length,
    records: (teacher, readings) =>
      teacher.run(packed(readings, "teacher"), ({ head }) => {
        const logits = head().logits!.read();
        return readings.map((_, i) => ({ floats: logits.slice(i * labels, (i + 1) * labels), halves: NONE }));
      }),
    loss(readings, records) {
      const all = Array.from({ length: labels }, (_, i) => i);
      const targets = records.map(
        ({ floats }): Outcomes => ({
          places: all,
          probabilities: softmax(floats.map((logit) => logit / temperature)).probabilities,
        }),
      );
      const own: BatchLoss = {
        count: readings.length,
        agreed: 0,
        loss: ({ head }) =>
          external(head().logits!, (logits) => {
            const judged = divergence(logits, targets, temperature);
            own.agreed = judged.agreed;
            return judged;
          }),
      };
      return own;
    },
  };
}

/** What guesses of hidden tokens are compared by. */
export interface GuessSettings {
  readonly temperature: number;
  /** The teacher's vocabulary. */
  readonly vocabulary: number;
  /** Most likely tokens that are compared one by one. */
  readonly topTokens: number;
  /** Old ids of the student's vocabulary; undefined where it is the teacher's. */
  readonly kept: Int32Array | undefined;
  readonly seed: number;
}

/** The guesses of a masked language model at hidden tokens: the most likely ones, and the rest as one. */
export function guessObjective({ temperature, vocabulary, topTokens, kept, seed }: GuessSettings): Objective {
  const K = Math.min(topTokens, vocabulary);
  const news = kept && new Map(Array.from(kept, (old, id) => [old, id]));
  const countOf = (readings: readonly Reading[]) => readings.reduce((sum, { hidden }) => sum + hidden.length, 0);
  return {
    key: { records: "guesses", temperature, K, seed },
    agreement: "agreement",
    sizeOf: ({ hidden }) => ({ floats: 2 * K * hidden.length, halves: 0 }),
    countOf,
    records(teacher, readings) {
      const batch = packed(readings, "teacher");
      const { offsets } = batch;
      const rows = readings.flatMap(({ hidden }, i) => hidden.map((place) => offsets[i]! + place));
      if (rows.length === 0) return readings.map(() => ({ floats: NONE, halves: NONE }));
      return teacher.run(batch, ({ head, hidden: states }) => {
        const logits = head(gatherRows(states, integers(Int32Array.from(rows)))).logits!.read();
        let row = 0;
        return readings.map(({ hidden }): TeacherRecord => {
          const floats = new Float32Array(2 * K * hidden.length);
          for (const guess of hidden.keys()) {
            const at = row++ * vocabulary;
            mostLikely(logits.subarray(at, at + vocabulary), K, temperature, floats, 2 * K * guess);
          }
          return { floats, halves: NONE };
        });
      });
    },
    loss(readings, records) {
      const { offsets } = packed(readings, "student");
      const rows = Int32Array.from(
        readings.flatMap((one, i) => studentPlaces(one).map((place) => offsets[i]! + place)),
      );
      const targets = records.flatMap(({ floats }) =>
        Array.from({ length: floats.length / (2 * K) }, (_, g) => outcomesOf(floats.subarray(2 * K * g), K, news)),
      );
      const own: BatchLoss = {
        count: countOf(readings),
        agreed: 0,
        loss: ({ head, hidden }) =>
          external(head(gatherRows(hidden, integers(rows))).logits!, (logits) => {
            const judged = divergence(logits, targets, temperature);
            own.agreed = judged.agreed;
            return judged;
          }),
      };
      return own;
    },
  };
}

/** The places of hidden tokens in the student's sequence. */
function studentPlaces(reading: Reading): number[] {
  const hidden = new Set(reading.hidden);
  return commonPlaces(reading).flatMap(([teacher, student]) => (hidden.has(teacher) ? [student] : []));
}

/** Writes the ids of the K most likely tokens to `to`, and behind them their probabilities. */
function mostLikely(logits: Float32Array, K: number, temperature: number, to: Float32Array, at: number): void {
  const { probabilities } = softmax(logits.map((logit) => logit / temperature));
  // The K-th largest, by the sorted numbers; ids of equal ones ascending.
  const least = K < logits.length ? Float64Array.from(probabilities).sort()[logits.length - K]! : 0;
  const above = Array.from(probabilities.keys()).filter((id) => probabilities[id]! > least);
  const equal = Array.from(probabilities.keys()).filter((id) => probabilities[id] === least);
  const ids = [...above, ...equal.slice(0, K - above.length)];
  for (const [k, id] of ids.entries()) {
    to[at + k] = id;
    to[at + K + k] = probabilities[id]!;
  }
}

/** The outcomes of a guess among the student's tokens; those that the student does not have belong to the rest. */
function outcomesOf(numbers: Float32Array, K: number, news: ReadonlyMap<number, number> | undefined): Outcomes {
  const [places, probabilities]: [number[], number[]] = [[], []];
  for (let k = 0; k < K; k++) {
    const place = news ? news.get(numbers[k]!) : numbers[k]!;
    if (place === undefined) continue;
    places.push(place);
    probabilities.push(numbers[K + k]!);
  }
  return { places, probabilities };
}
