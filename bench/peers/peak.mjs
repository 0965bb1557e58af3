// The most that 128-bit arithmetic does here, as a peer: no library comes near it for nothing.
import { peakWork } from "../peak.mjs";

/** @type {import("./index.mjs").Peer} */
export const peak = {
  title: "128-bit peak",
  missing: ({ threads }) => (threads > 1 ? "the peak is one thread's" : undefined),
  start: async () => ({
    about: {},
    works: {
      flops({ fused }) {
        const { run, flops } = peakWork(fused, 200_000);
        return { run, amount: flops };
      },
    },
  }),
};
