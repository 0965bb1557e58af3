import { beforeAll, describe, it } from "vitest";
import { engine } from "../../ts/engine/engine.js";
import { type AttentionFactory, type AttentionName, attentions } from "../../ts/nn/attentions/index.js";
import { attentionSuite } from "./attentionSuite.js";
import { attentionReferences as references } from "./references/attentions.js";

beforeAll(() => engine().set_poison(true));

describe.each(Object.entries(attentions) as [AttentionName, AttentionFactory][])("attention %s", (name, create) => {
  for (const { name: fact, run } of attentionSuite(create, references[name])) it(fact, run);
});
