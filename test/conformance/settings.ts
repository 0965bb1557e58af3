import type { Attention, AttentionFactory, Rotation } from "../../ts/nn/attentions/index.js";
import { ROTATIONS } from "../../ts/nn/attentions/index.js";
import { ParameterScope, ParameterStore } from "../../ts/nn/parameters.js";
import { type Position, type PositionName, positions } from "../../ts/nn/positions/index.js";
import { scope } from "../../ts/tensor/scope.js";
import { C, D, HEADS } from "./masks.js";

/** What an attention is made with. */
export interface Setting {
  readonly position: PositionName;
  readonly rotation: Rotation;
  /** ε inside of features; undefined: the default. */
  readonly epsilon?: number;
}

/** A member that was made. */
export interface Made {
  readonly attention: Attention;
  readonly position: Position;
  /** What it draws and saves; empty for most. */
  readonly projection: Float64Array;
}

/** Makes position encoding and attention, calls `body`, and gives its result. */
export function withAttention<T>(create: AttentionFactory, setting: Setting, body: (made: Made) => T): T {
  const [place, own] = [new ParameterStore(), new ParameterStore()];
  const size = { heads: HEADS, headSize: D };
  const where = { params: new ParameterScope(place, 1), embeddingWidth: C, maxPositions: 64 };
  const position = positions[setting.position]({ ...where, ...size });
  try {
    const { rotation, epsilon } = setting;
    const features = { rotation, ...(epsilon !== undefined && { kernelEpsilon: epsilon }) };
    const attention = create({ params: new ParameterScope(own, 1), ...size, position, ...features });
    own.allocate();
    own.initialise(1);
    const projection = Float64Array.from(own.saved.flatMap((matrix) => [...matrix.read()]));
    return scope(() => body({ attention, position, projection }));
  } finally {
    position.free?.();
    own.free();
    place.free();
  }
}

/** The encodings that have `member`. */
const having = (member: "table" | "slopes"): PositionName[] =>
  (Object.keys(positions) as PositionName[]).filter((name) => {
    const where = { params: new ParameterScope(new ParameterStore(), 1), embeddingWidth: C, maxPositions: 64 };
    return positions[name]({ ...where, heads: HEADS, headSize: D })[member] !== undefined;
  });

/** Those that turn queries and keys. */
export const TURNS = having("table");

/** Those that add to scores. */
export const SLOPES = having("slopes");

/** Every way to make an attention that accepts a position: those with scores turn in one place, the others in three. */
export function settingsOf(scores: boolean): Setting[] {
  const rest = (Object.keys(positions) as PositionName[]).filter((name) => !TURNS.includes(name));
  const rotations = scores ? (["eq19"] as const) : ROTATIONS;
  return [
    ...TURNS.flatMap((position) => rotations.map((rotation) => ({ position, rotation }))),
    ...rest
      .filter((name) => scores || !SLOPES.includes(name))
      .map((position) => ({ position, rotation: "eq19" as const })),
  ];
}
