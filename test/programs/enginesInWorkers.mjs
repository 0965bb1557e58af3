// Engines with threads inside workers: `node enginesInWorkers.mjs '{"scene":"two"}'`. Prints a line of JSON.
import { once } from "node:events";
import { Worker } from "node:worker_threads";

const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const say = (what) => console.log(JSON.stringify(what));
const start = (task, options) =>
  new Worker(new URL("./engineWorker.mjs", import.meta.url), { workerData: { task, options } });
const answer = async (worker) => (await once(worker, "message"))[0];

const scenes = {
  /** Both compute at the same time. */
  two: async () => {
    const workers = [2, 3].map((threads) => start("hash", { variant: "simd-threads", threads }));
    say((await Promise.all(workers.map(answer))).map(({ hash }) => hash));
  },
  /** Afterwards nothing goes on in the background, and another engine computes as ever. */
  terminated: async () => {
    const worker = start("endless", { threads: 3 });
    await answer(worker);
    await wait(100);
    await worker.terminate();
    await wait(100);
    const before = process.cpuUsage();
    await wait(300);
    const { user, system } = process.cpuUsage(before);
    const { hash } = await answer(start("hash", { variant: "simd-threads", threads: 2 }));
    say({ share: (user + system) / 300_000, hash });
  },
  exits: async () => {
    await answer(start("endless", { threads: 3 }));
    process.exit(7);
  },
  /** A thread of an engine ends in the middle of an item: its engine is the worker's, the thread itself this one's. */
  abandoned: async () => {
    const threads = [];
    const worker = start("abandoned", { threads: 2 });
    const result = new Promise((resolve) => {
      worker.on("message", (message) => {
        if (message.start) threads.push(new Worker(new URL(message.start), { workerData: message.data }));
        else if (message === "at work") setTimeout(() => threads[0].terminate(), 100);
        else resolve(message);
      });
    });
    say(await result);
  },
};

await scenes[JSON.parse(process.argv[2]).scene]();
