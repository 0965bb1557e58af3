import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { CheckpointError } from "../../ts/errors.js";
import { openFiles } from "../../ts/io/files.js";
import { openSafetensors } from "../../ts/io/safetensors.js";
import { readTensor } from "../../ts/io/weights.js";
import { golden } from "../golden.js";

interface Case {
  readonly name: string;
  readonly outcomes: readonly string[];
  readonly mentions: readonly string[];
}

/** Sound files whose tensors do not fit the configuration: for the model to refuse. */
const SOUND = ["shape-transposed", "shape-flat", "needed-tensor-empty", "missing-tensor", "missing-layer", "no-bias"];

const root = fileURLToPath(new URL("../golden/checkpoint_formats/", import.meta.url));
const { cases } = golden<{ cases: readonly Case[] }>("checkpoint_formats/cases.json");
const files = cases.filter(({ name }) => /^(st|good)-/.test(name) && existsSync(`${root}${name}/model.safetensors`));

async function outcome(name: string): Promise<Error | "loads"> {
  try {
    const file = await openSafetensors(openFiles(root + name), "model.safetensors");
    for (const [tensor, { dtype }] of file.tensors) if (/^B?F\d+$/.test(dtype)) await readTensor(file, tensor);
    return "loads";
  } catch (error) {
    return error as Error;
  }
}

test.each(files.map((one) => [one.name, one] as const))("%s ends as it has to", async (name, one) => {
  const expected = SOUND.includes(name.slice(3)) ? ["loads"] : one.outcomes;
  const got = await outcome(name);
  if (got === "loads") return expect(expected).toContain("loads");
  expect(got).toBeInstanceOf(CheckpointError);
  expect(expected).toContain("CheckpointError");
  expect(got.message).not.toContain("\n");
  expect(one.mentions.length === 0 || one.mentions.some((word) => got.message.includes(word))).toBe(true);
});
