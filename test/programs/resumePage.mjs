/** In a page: a training in a session that dies, and goes on in another one from the page's own file system. */
export async function resumed() {
  const { createSession } = await import("../../dist/session/index.js");
  const train = Array.from({ length: 48 }, (_, i) => ({
    text: `${i % 2 ? "good" : "bad"} text ${i} of ${i % 5} words`,
    label: i % 3 === 0 ? "no" : "yes",
  }));
  const small = { vocabSize: 80, layers: 1, width: 16, heads: 2, batch: 8, epochs: 3, ema: 0.9 };
  const run = async (options) => {
    const session = await createSession({ threads: 1 });
    const said = [];
    const onMessage = (line) => said.push(line);
    const { model, metrics } = await session.finetune({
      train,
      text: "text",
      label: "label",
      ...small,
      onMessage,
      ...options,
    });
    const weights = [];
    for (const parameter of await model.parameters()) weights.push(Array.from(await parameter.read()));
    await session.close();
    return { said, weights: JSON.stringify(weights), accuracy: metrics.accuracy };
  };
  const root = await navigator.storage.getDirectory();
  const checkpoints = await root.getDirectoryHandle("run", { create: true });
  const session = await createSession({ threads: 1 });
  const dying = session.finetune({
    ...{ train, text: "text", label: "label", ...small, checkpoints, saveEvery: 3 },
    onProgress: ({ step }) => step === 8 && session.close(),
  });
  const death = await dying.catch((error) => error.message);
  const whole = await run({});
  const rest = await run({ checkpoints, saveEvery: 3, resume: true });
  const kept = [];
  for await (const name of checkpoints.keys()) kept.push(name);
  return { death, whole, rest, kept: kept.sort() };
}
