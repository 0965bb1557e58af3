import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { roformer, temporaryFolder } from "../../process.js";

/** A megabyte of words that follow from a number. */
function megabyte(number: number): string {
  const words: string[] = [];
  let [state, length] = [number + 1, 0];
  while (length < 1e6) {
    state = (state * 48271) % 2147483647;
    const word = state % 1000 === 0 ? state.toString(36) : `w${(state % 5000).toString(36)}`;
    words.push(length % 97 < 5 ? `${word}\n` : word);
    length += word.length + 1;
  }
  return `${words.join(" ")}\n`;
}

const MIB = 2 ** 20;

it("pre-training takes no more memory for 48 MB of text than for 12", { timeout: 600_000 }, async () => {
  const folder = temporaryFolder();
  const peak = async (megabytes: number) => {
    const file = join(folder, `${megabytes}.txt`);
    writeFileSync(file, "");
    for (let i = 0; i < megabytes; i++) appendFileSync(file, megabyte(i));
    const out = join(folder, `out-${megabytes}`);
    const sizes =
      "--layers 1 --width 16 --heads 1 --max-length 32 --batch 2 --steps 2 --eval-every 2 --threads 1 --quiet";
    const words = ["pretrain", "--objective", "mlm", "--data", file, "--out", out, ...sizes.split(" ")];
    const ended = await roformer(words, { env: { ROFORMER_CACHE: join(folder, "cache") } });
    expect([ended.code, ended.stderr]).toEqual([0, ""]);
    const { peakMemory, split } = JSON.parse(readFileSync(join(out, "metrics.json"), "utf8"));
    return { memory: peakMemory as number, tokens: split.train as number };
  };
  const [small, large] = [await peak(12), await peak(48)];
  expect(large.tokens / small.tokens).toBeGreaterThan(3.5);
  // As a string and 32-bit ids, the 36 MB more would take some 100 MiB more; garbage that is not yet collected takes up to 40.
  expect((large.memory - small.memory) / MIB).toBeLessThan(50);
  expect(large.memory / MIB).toBeLessThan(450);
});
