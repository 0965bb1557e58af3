// What every environment is asked: a short training and a prediction, on the calling thread and in sessions. The numbers have to be
// the same everywhere, to the last bit. The package's functions are given, since each environment finds the package in its own way.

const GOOD = [
  "a joy",
  "so good",
  "lovely",
  "great fun",
  "a delight",
  "very fine",
  "I laughed",
  "so warm",
  "bright",
  "wise",
];
const BAD = ["a bore", "so bad", "awful", "no fun", "a mess", "very long", "I slept", "so cold", "dull", "silly"];
const rows = [...GOOD, ...BAD].map((review, i) => ({ review, liked: i < GOOD.length ? "yes" : "no" }));

/** Settings of the training: as small as products may be that threads still share. */
export const training = {
  ...{ train: rows, valid: rows, text: "review", label: "liked", seed: 7 },
  ...{ steps: 20, batch: 10, lr: 3e-3, layers: 2, width: 64, heads: 4, ffn: 256, vocabSize: 120, maxLength: 16 },
};

/** A number's 64 bits. */
const bits = (number) => new BigUint64Array(Float64Array.of(number).buffer)[0].toString(16).padStart(16, "0");

/** Trains and predicts with a `finetune` that is the package's or a session's. */
async function ask(finetune) {
  const start = performance.now();
  const { model, metrics } = await finetune(training);
  const { label, score } = await model.classify("so lovely");
  await model.close();
  const { seconds: _, tokensPerSecond: __, ...told } = metrics;
  const numbers = { label, score: bits(score), loss: bits(metrics.loss), metrics: told };
  return { numbers, seconds: (performance.now() - start) / 1000 };
}

async function askSession(createSession, options) {
  const session = await createSession(options);
  try {
    const { variant, threads, reasons } = await session.doctor();
    return { variant, threads, reasons, ...(await ask((settings) => session.finetune(settings))) };
  } finally {
    await session.close();
  }
}

/** What comes out on the calling thread, in a session, and in a session that wants two threads. */
export async function run({ doctor, init, finetune, createSession }) {
  await init({ variant: "simd", threads: 1 });
  const { variant, threads, reasons } = await doctor();
  return {
    here: { variant, threads, reasons, ...(await ask(finetune)) },
    session: await askSession(createSession, { variant: "simd" }),
    threaded: await askSession(createSession, { variant: "simd-threads", threads: 2 }),
  };
}
