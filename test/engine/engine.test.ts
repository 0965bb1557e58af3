import { expect, it } from "vitest";
import { engine, engineStatus, init } from "../../ts/engine/engine.js";

it("starts by itself, says what runs and why, and takes no options any more", async () => {
  expect(engine().live()).toBe(0);
  expect(engineStatus().reasons.length).toBeGreaterThan(0);
  await expect(init()).resolves.toBeUndefined();
  await expect(init({ v8Flags: true })).rejects.toThrow("give its options before its first use");
});

it("refuses a slot that was freed, and an output that is also an input", () => {
  const slot = engine().alloc(4);
  expect(() => engine().scale(slot, slot, 2)).toThrow(/overlaps/);
  engine().free(slot);
  expect(() => engine().fill(slot, 1)).toThrow(/it was freed/);
});
