// Whole models, forward and backward, as numbers that two runs can be compared by. Runs in Node and in browsers: it knows
// the package by its exports alone.

/** Two layers with everything on: a projection of the embeddings, token types, dropout; three heads of 16. */
const MIXED = {
  vocab_size: 150,
  embedding_size: 20,
  hidden_size: 48,
  num_hidden_layers: 2,
  num_attention_heads: 3,
  intermediate_size: 100,
  max_position_embeddings: 256,
  initializer_range: 0.2,
  num_labels: 3,
};

/** Four layers of 64. */
const DEEP = {
  ...MIXED,
  embedding_size: 64,
  hidden_size: 64,
  num_hidden_layers: 4,
  num_attention_heads: 4,
  intermediate_size: 256,
  max_position_embeddings: 512,
};

/** The models: what they compute, and the lengths of a batch. */
const CASES = {
  "masked-lm": { config: MIXED, head: "masked-lm", lengths: [1, 200, 33, 2, 127, 64, 5] },
  classifier: { config: MIXED, head: "sequence-classification", lengths: [90, 1, 31, 200, 8, 65] },
  deep: { config: DEEP, head: "masked-lm", lengths: [300, 300] },
  performer: {
    config: { ...MIXED, roformer_js: { attention: "performer" } },
    head: "masked-lm",
    lengths: [1, 200, 33],
  },
  "causal performer": {
    config: { ...MIXED, is_decoder: true, roformer_js: { attention: "performer", kernel_epsilon: 0 } },
    head: "causal-lm",
    lengths: [300, 2, 130],
  },
};

/** Whole numbers from 0 to below `limit`, the same everywhere. */
function numbers(seed) {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

/** A padded batch of random ids, with a label for most tokens or for every sequence. */
function batch({ config, head, lengths }, seed) {
  const next = numbers(seed);
  const width = Math.max(...lengths);
  const rows = (value) => lengths.map((length) => Array.from({ length: width }, (_, t) => value(t < length)));
  const inputIds = rows((real) => (real ? 1 + next(config.vocab_size - 1) : 0));
  const tokenLabels = rows((real) => (real && next(4) > 0 ? next(config.vocab_size) : -100));
  return {
    inputIds,
    attentionMask: rows((real) => (real ? 1 : 0)),
    tokenTypeIds: rows(() => next(2)),
    labels: head.endsWith("-lm") ? tokenLabels : lengths.map(() => next(config.num_labels)),
  };
}

/**
 * Everything a model computes and learns in three steps: arrays by name.
 * @param package_ the exports of `roformer`
 */
function run({ RoFormer, AdamW }, name, one) {
  const outputs = new Map();
  const keep = (what, data) => outputs.set(`${name}: ${what}`, Float32Array.from(data));
  const model = RoFormer.create(one.config, { head: one.head, seed: 3 });
  const inputs = batch(one, 7);
  const { hiddenStates, logits, loss } = model.forward(inputs, { outputHiddenStates: true });
  for (const [i, states] of hiddenStates.entries()) keep(`hidden states ${i}`, states.data);
  keep("logits", logits.data);
  keep("loss", [loss]);
  const optimizer = new AdamW(model, { lr: 1e-3, maxGradNorm: 1 });
  for (let step = 0; step < 3; step++) {
    const found = model.valueAndGrad(inputs, { train: true, seed: 5, step });
    keep(`loss of step ${step}`, [found.loss]);
    for (const [parameter, { data }] of found.gradients) keep(`gradient of step ${step}: ${parameter}`, data);
    keep(`gradient norm of step ${step}`, [optimizer.step().gradNorm]);
  }
  for (const parameter of model.parameters()) keep(`after 3 steps: ${parameter.name}`, parameter.read());
  optimizer.free();
  model.close();
  return outputs;
}

/**
 * A function that trains by one step and gives the loss.
 * @param package_ the exports of `roformer`
 */
export function training({ RoFormer, AdamW }, name = "classifier") {
  const model = RoFormer.create(CASES[name].config, { head: CASES[name].head, seed: 3 });
  const optimizer = new AdamW(model, { lr: 1e-3 });
  const inputs = batch(CASES[name], 7);
  return () => {
    const { loss } = model.valueAndGrad(inputs, { train: true });
    optimizer.step();
    return loss;
  };
}

async function sha256(arrays) {
  const bytes = new Uint8Array(await new Blob(arrays).arrayBuffer());
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * A hash of all outputs, and a few numbers: the losses, and the first eight of every array of the first pass.
 * @param package_ the exports of `roformer`
 * @param names of the models, all unless given
 */
export async function wholeModels(package_, names = Object.keys(CASES)) {
  const outputs = names.flatMap((name) => [...run(package_, name, CASES[name])]);
  const forward = outputs.filter(([name]) => !/step/.test(name));
  return {
    hash: await sha256(outputs.map(([, array]) => array)),
    finite: outputs.every(([, array]) => array.every(Number.isFinite)),
    numbers: forward.flatMap(([, array]) => [...array.subarray(0, 8)]),
  };
}
