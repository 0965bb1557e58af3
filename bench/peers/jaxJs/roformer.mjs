// RoFormer for sequence classification in jax-js, with AdamW. Arrays are consumed by what they are passed to; `.ref` keeps
// them.

/** @typedef {{ hidden_size: number, num_attention_heads: number, num_hidden_layers: number, layer_norm_eps: number }} Config */

/** Added to the score of a key that is padding. */
const MASKED = -1e9;

const EXACT = { approximate: false };

export class JaxRoFormer {
  #jax;
  #config;
  #batch;
  #cos;
  #sin;

  /**
   * @param {typeof import("@jax-js/jax")} jax
   * @param {Config} config
   * @param {{ B: number, T: number, dropout: number }} batch
   */
  constructor(jax, config, batch) {
    this.#jax = jax;
    this.#config = config;
    this.#batch = batch;
    const pairs = this.#headSize / 2;
    const angle = (i) => Math.floor(i / pairs) * 10_000 ** (-(i % pairs) / pairs);
    const table = (f) => Float32Array.from({ length: batch.T * pairs }, (_, i) => f(angle(i)));
    const tables = [Math.cos, Math.sin].map((f) => jax.numpy.array(table(f)).reshape([1, batch.T, 1, pairs]));
    [this.#cos, this.#sin] = tables;
  }

  /** (parameters, key, ids, mask, target) → [loss, gradients], without dropout. */
  get check() {
    return this.#jax.jit(this.#jax.valueAndGrad(this.#loss(false)));
  }

  /**
   * A step as one compiled function: new parameters and moments, and the loss. `c1` and `c2` correct the moments for their
   * start.
   * @param {number} lr
   */
  step(lr) {
    const { jit, tree, valueAndGrad } = this.#jax;
    return jit((params, m, v, key, c1, c2, ids, mask, target) => {
      const [value, gradients] = valueAndGrad(this.#loss(true))(tree.ref(params), key, ids, mask, target);
      const next = { params: {}, m: {}, v: {} };
      for (const name of Object.keys(params)) {
        const updated = this.#adamw(params[name], gradients[name], m[name], v[name], { c1, c2, lr });
        [next.params[name], next.m[name], next.v[name]] = updated;
      }
      c1.dispose();
      c2.dispose();
      return { ...next, value };
    });
  }

  get #headSize() {
    return this.#config.hidden_size / this.#config.num_attention_heads;
  }

  #adamw(p, g, m, v, { c1, c2, lr }) {
    const m1 = m.mul(0.9).add(g.ref.mul(0.1));
    const v1 = v.mul(0.999).add(g.ref.mul(g).mul(0.001));
    const size = this.#jax.numpy.sqrt(v1.ref.mul(c2.ref)).add(1e-8);
    const change = m1.ref.mul(c1.ref).div(size).mul(lr);
    return [p.mul(1 - lr * 0.01).sub(change), m1, v1];
  }

  #loss(train) {
    const { nn } = this.#jax;
    return (p, key, ids, mask, target) => {
      const keys = train ? this.#stream(key) : undefined;
      if (!train) key.dispose();
      const scores = nn.logSoftmax(this.#logits(p, ids, mask, keys), -1);
      keys?.dispose();
      return scores
        .mul(target)
        .sum()
        .mul(-1 / this.#batch.B);
    };
  }

  /** Keys of random numbers, one after the other. */
  #stream(key) {
    const all = this.#jax.random.split(key, 3 + 3 * this.#config.num_hidden_layers);
    let at = 0;
    return { next: () => all.ref.slice(at++), dispose: () => all.dispose() };
  }

  #logits(p, ids, mask, keys) {
    const { numpy: np, nn } = this.#jax;
    const { B, T } = this.#batch;
    const { hidden_size: C, num_hidden_layers } = this.#config;
    const words = np.take(p["roformer.embeddings.word_embeddings.weight"], ids, 0);
    const types = p["roformer.embeddings.token_type_embeddings.weight"].slice([0, 1]).reshape([1, 1, C]);
    let x = this.#drop(this.#norm(p, "roformer.embeddings.LayerNorm", words.add(types)), keys);
    const missing = np.array(1).sub(mask).mul(MASKED).reshape([B, 1, 1, T]);
    for (let i = 0; i < num_hidden_layers; i++) x = this.#layer(p, `roformer.encoder.layer.${i}`, x, missing.ref, keys);
    missing.dispose();
    const first = this.#drop(x.slice([], [0, 1]).reshape([B, C]), keys);
    const inner = nn.gelu(this.#linear(p, "classifier.dense", first), EXACT);
    return this.#linear(p, "classifier.out_proj", this.#drop(inner, keys));
  }

  #layer(p, name, x, mask, keys) {
    const attended = this.#attention(p, `${name}.attention.self`, x.ref, mask, keys);
    const y = this.#linear(p, `${name}.attention.output.dense`, attended);
    const middle = this.#norm(p, `${name}.attention.output.LayerNorm`, this.#drop(y, keys).add(x));
    const inner = this.#jax.nn.gelu(this.#linear(p, `${name}.intermediate.dense`, middle.ref), EXACT);
    const outer = this.#drop(this.#linear(p, `${name}.output.dense`, inner), keys);
    return this.#norm(p, `${name}.output.LayerNorm`, outer.add(middle));
  }

  #attention(p, name, x, mask, keys) {
    const { numpy: np, nn } = this.#jax;
    const { B, T } = this.#batch;
    const { hidden_size: C, num_attention_heads: H } = this.#config;
    const heads = (part) => this.#linear(p, `${name}.${part}`, x.ref).reshape([B, T, H, this.#headSize]);
    const [q, k, v] = ["query", "key", "value"].map(heads);
    x.dispose();
    const [rq, rk] = [q, k].map((one) => this.#rotate(one).transpose([0, 2, 1, 3]));
    const products = np.matmul(rq, rk.transpose([0, 1, 3, 2])).mul(1 / Math.sqrt(this.#headSize));
    const weights = this.#drop(nn.softmax(products.add(mask), -1), keys);
    const y = np.matmul(weights, v.transpose([0, 2, 1, 3]));
    return y.transpose([0, 2, 1, 3]).reshape([B, T, C]);
  }

  /** `[B, T, H, D]`, pairs (x0, x1), (x2, x3), … turned. */
  #rotate(x) {
    const np = this.#jax.numpy;
    const half = [...x.shape.slice(0, 3), this.#headSize / 2];
    const whole = x.shape;
    const [even, odd] = np.split(x.reshape([...half, 2]), 2, 4).map((one) => one.reshape(half));
    const first = even.ref.mul(this.#cos.ref).sub(odd.ref.mul(this.#sin.ref));
    const second = odd.mul(this.#cos.ref).add(even.mul(this.#sin.ref));
    return np.stack([first, second], -1).reshape(whole);
  }

  #linear(p, name, x) {
    return this.#jax.numpy.matmul(x, p[`${name}.weight`]).add(p[`${name}.bias`]);
  }

  #norm(p, name, x) {
    const normal = this.#jax.nn.standardize(x, -1, { epsilon: this.#config.layer_norm_eps });
    return normal.mul(p[`${name}.weight`]).add(p[`${name}.bias`]);
  }

  #drop(x, keys) {
    if (!keys) return x;
    const { numpy: np, random } = this.#jax;
    const keep = 1 - this.#batch.dropout;
    return np.where(random.bernoulli(keys.next(), np.array(keep), x.shape), x.mul(1 / keep), 0);
  }
}
