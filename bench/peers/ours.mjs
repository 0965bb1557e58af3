// This package, of this checkout or of another: what `dist` names.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { denormalWorks } from "./ours/denormals.mjs";
import { fixtureWorks } from "./ours/fixture.mjs";
import { forkJoinWorks } from "./ours/forkJoin.mjs";
import { kernelWorks } from "./ours/kernels.mjs";
import { longSequenceWorks } from "./ours/longSequences.mjs";
import { modelWorks } from "./ours/models.mjs";
import { shareWorks } from "./ours/shares.mjs";
import { tokenizerWorks } from "./ours/tokenizer.mjs";

/**
 * The package: its main entry, and the others when they are needed, since the start of a process is measured too.
 * @typedef {{ main: any, nn(): Promise<any>, train(): Promise<any>, engine(): Promise<any> }} Package
 */

/** @type {import("./index.mjs").Peer} */
export const ours = {
  title: "roformer",
  missing: () => undefined,
  async start({ threads, dist, variant, maxMemory }) {
    const load = (file) => import(pathToFileURL(join(dist, file)).href);
    const main = await load("index.js");
    await main.init({ v8Flags: true, threads, ...(variant && { variant }), ...(maxMemory && { maxMemory }) });
    /** @type {Package} */
    const entries = {
      main,
      nn: () => load("nn/index.js"),
      train: () => load("train/index.js"),
      engine: async () => (await load("engine/engine.js")).engine(),
    };
    const makers = [
      kernelWorks,
      longSequenceWorks,
      modelWorks,
      shareWorks,
      forkJoinWorks,
      fixtureWorks,
      denormalWorks,
      tokenizerWorks,
    ];
    const works = makers.map((make) => make(entries));
    // A package without threads does not say how many it has.
    const { variant: runs, threads: has = 1 } = main.engineStatus();
    return { about: { variant: runs, threads: has }, works: Object.assign({}, ...works) };
  },
};
