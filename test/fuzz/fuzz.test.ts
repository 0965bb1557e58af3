import { describe, expect, it } from "vitest";
import { fuzz, READERS } from "./fuzz.mjs";

/** `npm run fuzz -- --minutes 60` is the long run. */
const INPUTS = 150;

describe("a damaged file", () => {
  it.each(READERS)(
    "%s: is read or refused with an error of the library, in bounded time and memory",
    async (reader) => {
      const { inputs, read, refused, findings } = await fuzz(reader, { seed: 1, from: 0, to: INPUTS });
      expect(findings).toEqual([]);
      expect(inputs).toBe(INPUTS);
      // The damage must neither always be harmless nor always be fatal: then nothing behind the first check would be tried.
      expect(read).toBeGreaterThan(0);
      expect(Object.keys(refused)).not.toEqual([]);
    },
  );
});
