import { beforeAll, describe, it } from "vitest";
import { engine } from "../../ts/engine/engine.js";
import { type Position, type PositionName, type PositionOptions, positions } from "../../ts/nn/positions/index.js";
import { positionSuite } from "./positionSuite.js";
import { positionReferences as references } from "./references/positions.js";

type Factory = (options: PositionOptions) => Position;

beforeAll(() => engine().set_poison(true));

describe.each(Object.entries(positions) as [PositionName, Factory][])("position encoding %s", (name, create) => {
  for (const { name: fact, run } of positionSuite(create, references[name])) it(fact, run);
});
