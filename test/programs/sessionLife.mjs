// What becomes of a process with sessions: `node sessionLife.mjs '{"scene":"left"}'`. Prints a line of JSON.
import v8 from "node:v8";
import { createSession, Session } from "../../dist/session/index.js";

const { scene } = JSON.parse(process.argv[2]);
const say = (what) => console.log(JSON.stringify(what));
const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const config = {
  vocab_size: 100,
  hidden_size: 32,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 64,
};
const training = {
  train: Array.from({ length: 400 }, (_, i) => ({
    text: `${i % 2 ? "good" : "bad"} ${i} words of a text`,
    label: i % 2 ? "yes" : "no",
  })),
  text: "text",
  label: "label",
};

/** Opens a session, trains and asks a model in it, and closes it. */
async function once() {
  const session = await createSession({ threads: 2 });
  const { model } = await session.finetune({ ...training, train: training.train.slice(0, 40), epochs: 1 });
  await model.classify("good");
  await session.close();
}

/** Resident bytes when nothing is left to be collected: the least within a second and a half, since workers end in their own time. */
async function resident() {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 15; i++) {
    globalThis.gc();
    await wait(100);
    least = Math.min(least, process.memoryUsage().rss);
  }
  return least;
}

/** Counts the ticks of a timer of 10 ms while `body` runs. */
async function ticksWhile(body) {
  let ticks = 0;
  const timer = setInterval(() => ticks++, 10);
  await body();
  clearInterval(timer);
  return { ticks };
}

const scenes = {
  /** Nobody closes the session, nor waits for its answer. */
  async left() {
    const session = await createSession({ threads: 2 });
    session.create(config).then(() => say({ answered: true }));
  },
  async twenty() {
    for (let i = 0; i < 2; i++) await once();
    const after2 = await resident();
    for (let i = 2; i < 20; i++) await once();
    const after20 = await resident();
    // The standard streams are pipes of the test's.
    const handles = process.getActiveResourcesInfo().filter((name) => !/^(Pipe|TTY)Wrap$/.test(name));
    const left = v8.queryObjects?.(Session, { format: "count" }) ?? 0;
    say({ left, handles, after2, after20 });
  },
  /** Its worker fills the memory of JavaScript, of which there is little. */
  async full() {
    const session = await createSession({ threads: 1, worker: new URL("./workers/full.mjs", import.meta.url) });
    const waits = [1, 2].map(() => session.finetune({ ...training, epochs: 1e6 }).catch(({ message }) => message));
    session.worker.postMessage("now");
    say(await Promise.all(waits));
    await session.close();
  },
  async timer() {
    const session = await createSession({ threads: "auto" });
    say(await ticksWhile(() => session.finetune({ ...training, epochs: 3, batch: 16 })));
    await session.close();
  },
};

await scenes[scene]();
