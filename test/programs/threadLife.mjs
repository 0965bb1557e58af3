// What becomes of a process whose engine has threads: `node threadLife.mjs '{"scene":"idle"}'`. Prints a line of JSON.
import { training } from "./wholeModel.mjs";

// The engine asks for the class when it starts a thread, so its threads can be got hold of.
const modules = process.getBuiltinModule("node:worker_threads");
const threads = [];
const { scene, ...options } = JSON.parse(process.argv[2]);
modules.Worker = class extends modules.Worker {
  constructor(url, { workerData: data, ...rest }) {
    super(url, { ...rest, workerData: scene === "broken" ? { ...data, module: undefined } : data });
    threads.push(this);
  }
};
const roformer = await import("../../dist/index.js");
const { engine } = await import("../../dist/engine/engine.js");
const { joined } = await import("./joined.mjs");

const say = (what) => console.log(JSON.stringify(what));
const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Calls until one fails, at most for ten seconds: in one go, or giving others a turn between two calls. */
async function failure(call, giveTurns) {
  const start = performance.now();
  while (performance.now() - start < 10_000) {
    try {
      call();
    } catch ({ name, code, message }) {
      return { name, code, message };
    }
    if (giveTurns) await wait(0);
  }
  return "none";
}

/** Of one core, what the process uses while nothing is asked of it; the least of some tries, since others use cores too. */
async function idleShare() {
  let least = 1;
  for (let i = 0; i < 5; i++) {
    await wait(100);
    const before = process.cpuUsage();
    await wait(300);
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 300_000);
  }
  return least;
}

const scenes = {
  /** Works, and ends. */
  ends: async (step) => say({ finite: Number.isFinite(step()) }),
  idle: async (step) => {
    step();
    say({ share: await idleShare() });
  },
  killedIdle: async (step) => {
    await threads[1].terminate();
    say({ first: await failure(step), again: await failure(step) });
  },
  /** Its threads have no module to run. */
  broken: async (step) => say({ first: await failure(step, true), again: await failure(step) }),
  /** Killed while its coordinator computes: what it had begun is never finished, or the next turn brings the news. */
  killedAtWork: async (step) => {
    engine().team_configure(3, 10_000, 3, 0);
    step();
    threads[0].terminate();
    say({ first: await failure(step, true), again: await failure(step) });
  },
  /** Its threads still poll for work when the process exits. */
  exits: async (step) => {
    step();
    process.exit(7);
  },
  endless: async (step) => {
    for (let i = 0; ; i++) {
      step();
      if (i === 2) process.stderr.write("at work\n");
    }
  },
  /** As a training command does it: the handler gets its turn between steps, and the process ends by itself. */
  interrupted: async (step) => {
    let over = false;
    process.once("SIGINT", () => {
      over = true;
    });
    for (let i = 0; !over; i++) {
      step();
      if (i === 2) process.stderr.write("at work\n");
      await wait(0);
    }
    say({ finite: Number.isFinite(step()) });
    process.exitCode = 130;
  },
};

await roformer.init({ threads: 3, ...options });
if (scene !== "broken") await joined();
await scenes[scene](training(roformer));
