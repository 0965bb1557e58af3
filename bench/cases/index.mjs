// What is measured: a file each.
import { attention } from "./attention.mjs";
import { denormals } from "./denormals.mjs";
import { forkJoin } from "./forkJoin.mjs";
import { forward } from "./forward.mjs";
import { frozen } from "./frozen.mjs";
import { gemm } from "./gemm.mjs";
import { int8 } from "./int8.mjs";
import { latency } from "./latency.mjs";
import { longSequences } from "./longSequences.mjs";
import { longWords } from "./longWords.mjs";
import { memory } from "./memory.mjs";
import { page } from "./page.mjs";
import { realBatch } from "./realBatch.mjs";
import { shares } from "./shares.mjs";
import { smallGemm } from "./smallGemm.mjs";
import { start } from "./start.mjs";
import { step } from "./step.mjs";
import { stepForward } from "./stepForward.mjs";
import { threads } from "./threads.mjs";

/**
 * @typedef {object} Case
 * @property {string} name what `npm run bench -- NAME` looks for
 * @property {string} about
 * @property {string[]} peers who is needed besides this package
 * @property {(bench: import("../bench.mjs").Bench) => Promise<void>} run adds its rows
 */

/** @type {readonly Case[]} */
export const cases = [
  ...[gemm, smallGemm, attention, forward, realBatch, step, stepForward, frozen, shares, threads],
  ...[latency, start, page, memory, longSequences, forkJoin, int8, denormals, longWords],
];
