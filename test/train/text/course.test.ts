import { describe, expect, it } from "vitest";
import type { PretrainOptions } from "../../../ts/train/index.js";
import { resolvePretrain } from "../../../ts/train/settings/pretrain.js";
import type { TrainBatch } from "../../../ts/train/step.js";
import { clm } from "../../../ts/train/tasks/clm.js";
import { textCourse } from "../../../ts/train/text/course.js";
import { RunText } from "../../../ts/train/text/prepare.js";
import { windowsOf } from "../../../ts/train/text/windows.js";

/** A different character for each place, so that ids tell where tokens are from. */
const CHARACTERS = Array.from({ length: 500 }, (_, i) => String.fromCodePoint(0x4e00 + i));
const bytes = (text: string) => ({ name: "a.txt", bytes: new TextEncoder().encode(text) });
/** Documents of 1 to 12 characters. */
const LINES = Array.from({ length: 60 }, (_, i) => {
  const from = Array.from({ length: i }, (_, j) => 1 + ((j * 7) % 12)).reduce((sum, one) => sum + one, 0);
  return CHARACTERS.slice(from, from + 1 + ((i * 7) % 12)).join("");
});
const TEXT = LINES.join("\n");

async function courseOf(change: Partial<PretrainOptions>) {
  const options = { objective: "clm", data: bytes(TEXT), valid: bytes(TEXT), ...change } as PretrainOptions;
  const settings = resolvePretrain(options, { pretrained: false });
  const text = await RunText.open(options, settings);
  const tokenizer = await text.tokenizer();
  const encoded = await text.encode(tokenizer);
  const how = { taskOf: clm, toWindow: windowsOf(encoded, tokenizer, false) };
  const course = await textCourse(undefined as never, encoded, how, settings);
  const read = async (step: number) => {
    const batches: readonly TrainBatch[] = await course.batch(step);
    return batches.flatMap(({ packed: { tokens, offsets } }) =>
      Array.from({ length: offsets.length - 1 }, (_, i) => tokenizer.decode(tokens.slice(offsets[i], offsets[i + 1]))),
    );
  };
  return { course, read };
}

describe("a course on running text", () => {
  const stages = [
    { maxLength: 8, batch: 4, steps: 3 },
    { maxLength: 32, batch: 2, steps: 2 },
  ];

  it("changes length and batch at the steps of its stages, and says so to a plan", async () => {
    const { course, read } = await courseOf({ stages });
    for (const step of [0, 1, 2, 3, 4]) {
      const windows = await read(step);
      const { maxLength, batch } = stages[step < 3 ? 0 : 1]!;
      expect(windows).toHaveLength(batch);
      for (const window of windows) {
        expect(window.length).toBeLessThanOrEqual(maxLength);
        expect(window.length).toBeGreaterThanOrEqual(maxLength - 2);
      }
      expect(course.probe!.tokens(step)).toEqual({ tokens: maxLength * batch, micro: maxLength * batch });
    }
  });

  it("has batches that follow from seed and step alone, whatever was asked before", async () => {
    const [one, other, third] = [
      await courseOf({ stages }),
      await courseOf({ stages }),
      await courseOf({ stages, seed: 1 }),
    ];
    const forth = [await one.read(0), await one.read(1), await one.read(4)];
    const back = [await other.read(4), await other.read(1), await other.read(0)].reverse();
    expect(back).toEqual(forth);
    expect([await third.read(0), await third.read(1), await third.read(4)]).not.toEqual(forth);
  });

  it.each([1, 3])("has every token once an epoch, in %i micro-batches a step", async (gradientAccumulationSteps) => {
    const { course, read } = await courseOf({ maxLength: 16, batch: 1, gradientAccumulationSteps });
    const rows = Math.round(course.stepsPerEpoch[0]! * gradientAccumulationSteps);
    const all: string[] = [];
    for (let step = 0; all.length < 2 * rows; step++) all.push(...(await read(step)));
    const sorted = (windows: readonly string[]) => [...windows.join("")].sort().join("");
    for (const epoch of [0, 1]) expect(sorted(all.slice(epoch * rows, (epoch + 1) * rows))).toBe(sorted([TEXT]));
    expect(all.slice(0, rows)).not.toEqual(all.slice(rows, 2 * rows));
  });

  it("without packing has each document in windows of its own", async () => {
    const { course, read } = await courseOf({ maxLength: 8, batch: 1, packing: false, sampleBy: "line" });
    const found: string[] = [];
    for (let step = 0; step < course.stepsPerEpoch[0]!; step++) found.push(...(await read(step)));
    const short = LINES.filter((line) => line.length > 1 && line.length <= 8);
    for (const line of short) expect(found.filter((window) => window === line)).toHaveLength(1);
    for (const window of found) expect(LINES.some((line) => line.includes(window))).toBe(true);
    // A document of one character has nothing to guess.
    expect(found.join("")).toHaveLength(LINES.filter(({ length }) => length > 1).join("").length);
  });
});
