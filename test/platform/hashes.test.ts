import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, it } from "vitest";
import { platform } from "../../ts/platform/index.js";
import { webHash } from "../../ts/platform/webHashes.js";

it.each(["sha1", "sha256"] as const)("%s in browsers, piece by piece, is Node's", async (algorithm) => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 }), async (pieces) => {
      const [mine, nodes, wanted] = [webHash(algorithm)!, platform.hash(algorithm)!, createHash(algorithm)];
      for (const piece of pieces) for (const hash of [mine, nodes, wanted]) hash.update(piece);
      expect([await mine.hex(), await nodes.hex()]).toEqual(Array(2).fill(wanted.digest("hex")));
    }),
    { numRuns: 60 },
  );
});

it.each([0, 1, 55, 56, 63, 64, 65, 119, 120, 128])(
  "sha256 of %i bytes, about the ends of its blocks",
  async (length) => {
    const bytes = new Uint8Array(length).fill(7);
    const hash = webHash("sha256")!;
    hash.update(bytes);
    expect(await hash.hex()).toBe(createHash("sha256").update(bytes).digest("hex"));
  },
);
