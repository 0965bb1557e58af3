import { external } from "../../../autograd/external.js";
import { add, scale } from "../../../ops/reduce.js";
import type { Tensor } from "../../../tensor/tensor.js";
import type { Basis } from "../basis.js";
import { relativeError } from "../losses.js";
import { packed } from "../readings.js";
import { type BatchLoss, NONE, type Objective } from "./objective.js";
import { commonStates, tokenTargets } from "./states.js";

/** Which states are compared. */
export interface HiddenSettings {
  /** Numbers of the teacher's layers that the student's come from. */
  readonly layers: readonly number[];
  readonly width: number;
  readonly teacherWidth: number;
  readonly basis: Basis | undefined;
}

/** The states behind each of a student's layers against those behind the teacher's layer that it comes from. */
export function hiddenObjective({ layers, width, teacherWidth, basis }: HiddenSettings): Objective {
  const numbers = (tokens: number) => tokens * width;
  return {
    key: { records: "hidden", layers, width },
    agreement: undefined,
    sizeOf: ({ before, behind }) => ({ floats: 0, halves: layers.length * numbers(before + behind) }),
    countOf: (readings) => readings.length,
    records(teacher, readings) {
      const kept: Float32Array[] = [];
      let seen = -1; // the embeddings' output comes first
      const each = (states: Tensor) => {
        if (layers.includes(seen)) kept.push(states.read());
        seen++;
      };
      const batch = packed(readings, "teacher");
      const { offsets } = batch;
      teacher.run(batch, () => undefined, { each });
      return readings.map((reading, i) => {
        const at = { offset: offsets[i]!, width: teacherWidth, basis };
        const all = kept.map((states) => commonStates(states, reading, at));
        const halves = new Float32Array(all.reduce((sum, { length }) => sum + length, 0));
        for (const [l, states] of all.entries()) halves.set(states, l * states.length);
        return { floats: NONE, halves };
      });
    },
    loss(readings, records) {
      const { offsets } = packed(readings, "student");
      let [seen, sum]: [number, Tensor | undefined] = [-1, undefined];
      const own: BatchLoss = {
        count: readings.length,
        agreed: 0,
        each(states) {
          const layer = seen++;
          if (layer < 0) return;
          const found = external(states, (values) => {
            const targets = tokenTargets(readings, offsets, (i) => {
              const { halves } = records[i]!;
              const size = halves.length / layers.length;
              return halves.subarray(layer * size, (layer + 1) * size);
            });
            return relativeError(values, targets, width);
          });
          sum = sum ? add(sum, found) : found;
        },
        loss: () => {
          const all = sum!;
          [seen, sum] = [-1, undefined]; // a probe computes it again
          return scale(all, 1 / layers.length);
        },
      };
      return own;
    },
  };
}
