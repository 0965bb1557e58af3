import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { crc32c } from "../../ts/io/crc32c.js";
import { type EvaluationEvent, finetune, pretrain, type TrainingEvent, tensorBoard } from "../../ts/train/index.js";
import { temporaryFolder } from "../process.js";
import { hasModule, pythonJson } from "./python.js";

const rows = Array.from({ length: 40 }, (_, i) => ({ text: `${i % 2 ? "good" : "bad"} ${i}`, label: i % 2 }));
const small = { layers: 1, width: 8, heads: 2, vocabSize: 80, batch: 8 };

interface Parsed {
  readonly time: number;
  readonly step: number;
  readonly version?: string;
  readonly scalars: Record<string, number>;
}

/** A second reader of protobuf's wire format: the fields of a message, by number. */
function fieldsOf(bytes: Uint8Array): Map<number, (number | Uint8Array)[]> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found = new Map<number, (number | Uint8Array)[]>();
  let at = 0;
  const varint = () => {
    for (let value = 0, scale = 1; ; scale *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const kind = tag & 7;
    let value: number | Uint8Array;
    if (kind === 0) value = varint();
    else if (kind === 1) value = view.getFloat64(at, true);
    else if (kind === 5) value = view.getFloat32(at, true);
    else {
      expect(kind).toBe(2);
      const length = varint();
      value = bytes.subarray(at, at + length);
    }
    at += kind === 1 ? 8 : kind === 5 ? 4 : value instanceof Uint8Array ? value.length : 0;
    found.set(tag >> 3, [...(found.get(tag >> 3) ?? []), value]);
  }
  return found;
}

/** CRC-32C bit by bit, with TFRecord's mask. */
function maskedCrc(bytes: Uint8Array): number {
  let crc = 0xffffffffn;
  for (const byte of bytes)
    for (let bit = 0; bit < 8; bit++) {
      const low = (crc ^ (BigInt(byte) >> BigInt(bit))) & 1n;
      crc = (crc >> 1n) ^ (low ? 0x82f63b78n : 0n);
    }
  crc ^= 0xffffffffn;
  return Number(((((crc >> 15n) | (crc << 17n)) & 0xffffffffn) + 0xa282ead8n) & 0xffffffffn);
}

const text = (value: unknown) => new TextDecoder().decode(value as Uint8Array);

/** The records of an event file, whose checksums must be right. */
function eventsIn(file: string): Parsed[] {
  const bytes = new Uint8Array(readFileSync(file));
  const view = new DataView(bytes.buffer);
  const events: Parsed[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(view.getBigUint64(at, true));
    expect(view.getUint32(at + 8, true)).toBe(maskedCrc(bytes.subarray(at, at + 8)));
    const data = bytes.subarray(at + 12, at + 12 + length);
    expect(view.getUint32(at + 12 + length, true)).toBe(maskedCrc(data));
    at += length + 16;
    const event = fieldsOf(data);
    const summary = event.get(5)?.[0];
    const values = summary === undefined ? [] : (fieldsOf(summary as Uint8Array).get(1) ?? []);
    const scalars = values.map((value) => {
      const one = fieldsOf(value as Uint8Array);
      return [text(one.get(1)![0]), one.get(2)![0]];
    });
    events.push({
      time: event.get(1)![0] as number,
      step: (event.get(2)?.[0] as number | undefined) ?? 0,
      ...(event.has(3) && { version: text(event.get(3)![0]) }),
      scalars: Object.fromEntries(scalars),
    });
  }
  return events;
}

const onlyFile = (folder: string): string => {
  const [name, ...more] = readdirSync(folder);
  expect(more).toEqual([]);
  expect(name).toMatch(/^events\.out\.tfevents\.\d{10}\./);
  return join(folder, name!);
};

it("has the check value and an example of RFC 3720 as CRC-32C", () => {
  expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
});

describe("the event file of a run", () => {
  it("has what the listeners hear, step by step, and each evaluation", async () => {
    const folder = join(temporaryFolder(), "runs", "a");
    const [steps, evaluations]: [TrainingEvent[], EvaluationEvent[]] = [[], []];
    const { model } = await finetune({
      ...{ train: rows, text: "text", label: "label", ...small, epochs: 2, tensorboard: folder },
      onProgress: (event) => void steps.push(event),
      onEvaluation: (event) => void evaluations.push(event),
    });
    model.close();
    const [first, ...events] = eventsIn(onlyFile(folder));
    expect(first).toMatchObject({ version: "brain.Event:2", scalars: {} });
    expect(Math.abs(Date.now() / 1000 - first!.time)).toBeLessThan(60);
    const trained = events.filter(({ scalars }) => "loss" in scalars);
    expect(trained.map(({ step }) => step)).toEqual(steps.map(({ step }) => step));
    for (const [i, { scalars }] of trained.entries())
      for (const name of ["loss", "lr", "gradNorm", "tokensPerSecond"] as const)
        expect(scalars[name]).toBe(Math.fround(steps[i]![name]));
    const scored = events.filter(({ scalars }) => "eval/accuracy" in scalars);
    expect(scored.map(({ step }) => step)).toEqual(evaluations.map(({ step }) => step));
    expect(scored.length).toBe(2);
    for (const [i, { scalars }] of scored.entries())
      expect(scalars["eval/loss"]).toBe(Math.fround((evaluations[i]!.metrics as { loss: number }).loss));
  });

  it("is written by pretrain too, and by the listeners of tensorBoard", async () => {
    const folder = temporaryFolder();
    const options = {
      objective: "clm",
      data: { name: "a.txt", bytes: new Blob(["so it goes. ".repeat(80)]) },
    } as const;
    const sizes = { layers: 1, width: 8, heads: 2, maxLength: 16, batch: 2, steps: 4 };
    const board = await tensorBoard(join(folder, "listeners"));
    const { onProgress, onEvaluation } = board;
    const { model } = await pretrain({
      ...options,
      ...sizes,
      tensorboard: join(folder, "option"),
      onProgress,
      onEvaluation,
    });
    model.close();
    await board.close();
    const [a, b] = ["listeners", "option"].map((name) => eventsIn(onlyFile(join(folder, name))));
    expect(a!.map(({ step, scalars }) => ({ step, scalars }))).toEqual(
      b!.map(({ step, scalars }) => ({ step, scalars })),
    );
    expect(b!.flatMap(({ scalars }) => ("loss" in scalars ? [1] : []))).toHaveLength(4);
    expect(b!.some(({ scalars }) => "eval/perplexity" in scalars)).toBe(true);
  });

  it("keeps what is beyond single precision, and says before the run that a folder cannot be written", async () => {
    const folder = temporaryFolder();
    const board = await tensorBoard(folder);
    await board.onEvaluation({ step: 3_000_000_000, metrics: { big: 1e300, none: Number.NaN, text: "no number" } });
    const [, event] = eventsIn(onlyFile(folder));
    expect(event).toMatchObject({ step: 3_000_000_000, scalars: { "eval/big": Infinity, "eval/none": Number.NaN } });
    writeFileSync(join(folder, "file"), "");
    const running = finetune({
      train: rows,
      text: "text",
      label: "label",
      ...small,
      tensorboard: join(folder, "file"),
    });
    await expect(running).rejects.toThrow(/^tensorboard: .*file.* cannot be written: /);
  });

  it.runIf(hasModule("tensorboard"))("is read by Python's tensorboard", async () => {
    const folder = join(temporaryFolder(), "runs");
    const losses: number[] = [];
    const { model } = await finetune({
      ...{ train: rows, text: "text", label: "label", ...small, epochs: 2, tensorboard: folder },
      onProgress: ({ loss }) => void losses.push(loss),
    });
    model.close();
    const script = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0})
events.Reload()
print(json.dumps({tag: [[e.step, e.value] for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}))`;
    const read = pythonJson(script, folder) as Record<string, [number, number][]>;
    expect(read.loss).toEqual(losses.map((loss, i) => [i + 1, Math.fround(loss)]));
    expect(Object.keys(read)).toEqual(expect.arrayContaining(["lr", "gradNorm", "tokensPerSecond", "eval/accuracy"]));
    expect(read["eval/accuracy"]).toHaveLength(2);
  });
});
