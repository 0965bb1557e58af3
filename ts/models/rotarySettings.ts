import type { PositionName } from "../nn/positions/index.js";
import { gatherRope } from "../nn/ropeGather.js";
import { ropeProblem } from "../nn/ropeScaling.js";
import type { FamilyConfig } from "./configFields.js";

/** A configuration, not yet checked, with the rotary settings of `roformer_js` in its `rope_parameters`. */
export function withRopeParameters<T>(value: T): T {
  const extension = (value as { roformer_js?: unknown } | null)?.roformer_js;
  if (typeof extension !== "object" || extension === null || Array.isArray(extension)) return value;
  return { ...value, roformer_js: gatherRope(extension as Record<string, unknown>) };
}

/** Which settings of rotary positions do not go together, in words that go on after the file's name. */
export function rotaryConflict(config: FamilyConfig, position: PositionName): string | undefined {
  const { hidden_size, num_attention_heads: heads, roformer_js } = config;
  if (!position.startsWith("rotary")) return undefined;
  const size = hidden_size / heads;
  if (size % 2 !== 0) {
    return `hidden_size is ${hidden_size} and num_attention_heads ${heads}, which makes heads of ${size} numbers; position ${position} turns pairs, so the number must be even`;
  }
  const rope = roformer_js?.rope_parameters;
  const problem = rope && ropeProblem(rope, size);
  return problem && `roformer_js.rope_parameters.${problem}`;
}
