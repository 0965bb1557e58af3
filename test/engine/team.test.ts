import { beforeAll, expect, it } from "vitest";
import { engine, init, running } from "../../ts/engine/engine.js";
import { Philox } from "../../ts/random/philox.js";
import { needThreads, withoutThreads } from "../threaded.js";

const THREADS = 3;
const MOST = 20_000; // five runs of the kernel's 4096

needThreads();
beforeAll(async () => {
  if (!withoutThreads) await init({ variant: "simd-threads", threads: THREADS });
});

/** How often idle threads look for a job before they sleep: never, so that each job meets sleepers, to nearly always. */
it.each([0, 30, 1000, 100_000])(
  "small jobs of any size are done whole, ten thousand in all: here with %i polls",
  (polls) => {
    engine().team_configure(THREADS, polls, 100, 0);
    const [x, y] = [engine().alloc(MOST), engine().alloc(MOST)];
    const numbers = new Philox(3, 91, polls);
    running().write(
      x,
      Float32Array.from({ length: MOST }, (_, i) => i),
    );
    for (let job = 1; job <= 2500; job++) {
      const size = 1 + numbers.below(MOST);
      const [from, to] = [engine().window(x, 0, size), engine().window(y, 0, size)];
      engine().scale(to, from, job);
      const got = running().read(to, size);
      const wrong = got.findIndex((value, i) => value !== Math.fround(i * job));
      if (wrong >= 0) throw new Error(`job ${job} of ${size}: [${wrong}] is ${got[wrong]}, not ${wrong * job}`);
      for (const slot of [from, to]) engine().free(slot);
    }
    for (const slot of [x, y]) engine().free(slot);
    expect(engine().team_failed()).toBe(false);
  },
);
