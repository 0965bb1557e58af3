// An engine with threads inside a worker: computes what `workerData.task` says.
import { parentPort, workerData } from "node:worker_threads";
import { training, wholeModels } from "./wholeModel.mjs";

const { task, options } = workerData;

/** Lets the main thread start the engine's threads, so that it can end one while this thread computes. */
function startThreadsOutside() {
  process.getBuiltinModule("node:worker_threads").Worker = class {
    constructor(url, { workerData: data }) {
      parentPort.postMessage({ start: url.href, data });
    }
    once() {} // the news of its end does not come before patience does
    unref() {}
  };
}

if (task === "abandoned") startThreadsOutside();
const roformer = await import("../../dist/index.js");
const { engine } = await import("../../dist/engine/engine.js");
const { joined } = await import("./joined.mjs");

const failure = (call) => {
  try {
    call();
    return "none";
  } catch ({ name, message }) {
    return { name, message };
  }
};

/** How often a thread polls in so many milliseconds. */
function pollsIn(milliseconds) {
  const start = performance.now();
  engine().team_polls(10_000_000);
  return Math.round((milliseconds / (performance.now() - start)) * 10_000_000);
}

const tasks = {
  hash: async () => parentPort.postMessage(await wholeModels(roformer)),
  endless: async () => {
    const step = training(roformer);
    for (let i = 0; ; i++) {
      step();
      if (i === 2) parentPort.postMessage("at work");
    }
  },
  /** Two items of a second, one for each thread; the other thread is ended in the middle of its item. */
  abandoned: async () => {
    const polls = pollsIn(1000);
    engine().team_configure(2, 10_000, 3, 0); // 0.3 s without progress: dead
    parentPort.postMessage("at work");
    const first = failure(() => engine().team_fork(2, 2 ** 31, polls));
    parentPort.postMessage({ first, again: failure(() => engine().alloc(4)) });
  },
};

await roformer.init(options);
await joined(task === "hash");
await tasks[task]();
