// RoFormer for sequence classification as an ONNX graph: inputs input_ids and attention_mask, outputs logits and
// last_hidden_state. Rotation and attention are ONNX Runtime's own operators, as its optimiser of transformers makes them:
// the graph that is best for it.
import { transposed } from "../matrices.mjs";
import { Graph } from "./graph.mjs";

/**
 * @typedef {{ name: string, shape: readonly number[], read(): Float32Array }} Parameter
 * @typedef {{ hidden_size: number, num_attention_heads: number, num_hidden_layers: number, layer_norm_eps: number }} Config
 */

/** Positions that the table of rotations has. */
const POSITIONS = 2048;

const INT32 = 6;

/** ONNX Runtime's own operators. */
const RUNTIME = { domain: "com.microsoft" };

/**
 * The bytes of the graph of a model with the head "sequence-classification" and the activation gelu.
 * @param {Config} config
 * @param {readonly Parameter[]} parameters
 * @param {{ int8: boolean }} options `int8`: weights of layers in int8, a scale an output; activations when they are met
 */
export function roformerGraph(config, parameters, { int8 }) {
  return new RoFormerGraph(config, parameters, int8).encode();
}

class RoFormerGraph {
  #graph = new Graph();
  #config;
  #int8;
  #parameters;

  /**
   * @param {Config} config
   * @param {readonly Parameter[]} parameters
   * @param {boolean} int8
   */
  constructor(config, parameters, int8) {
    this.#config = config;
    this.#int8 = int8;
    this.#parameters = new Map(parameters.map((one) => [one.name, one]));
  }

  encode() {
    const { num_hidden_layers: layers, hidden_size } = this.#config;
    const graph = this.#graph;
    const ids = graph.integers("input_ids", ["B", "T"]);
    const mask = graph.node("Cast", [graph.integers("attention_mask", ["B", "T"])], { to: INT32 });
    const rotations = this.#rotations();
    let x = this.#embeddings(ids);
    for (let i = 0; i < layers; i++) {
      const name = i === layers - 1 ? "last_hidden_state" : undefined;
      x = this.#layer(x, `roformer.encoder.layer.${i}`, { mask, rotations, name });
    }
    this.#classifier(x);
    graph.output("last_hidden_state", ["B", "T", hidden_size]);
    graph.output("logits", ["B", this.#parameter("classifier.out_proj.bias").shape[0]]);
    return graph.encode();
  }

  /** @param {string} name */
  #parameter(name) {
    const found = this.#parameters.get(name);
    if (!found) throw new Error(`the model has no parameter ${name}`);
    return found;
  }

  /** @param {string} name */
  #weight(name) {
    const parameter = this.#parameter(name);
    return this.#graph.constant(parameter.read(), parameter.shape);
  }

  /** What RotaryEmbedding takes besides its input: the first position, and tables of cosines and sines, `[positions, D / 2]`. */
  #rotations() {
    const { hidden_size, num_attention_heads } = this.#config;
    const pairs = hidden_size / num_attention_heads / 2;
    const angle = (i) => Math.floor(i / pairs) * 10_000 ** (-(i % pairs) / pairs);
    const table = (f) => Float32Array.from({ length: POSITIONS * pairs }, (_, i) => f(angle(i)));
    const tables = [Math.cos, Math.sin].map((f) => this.#graph.constant(table(f), [POSITIONS, pairs]));
    return [this.#graph.constant([0], [1]), ...tables];
  }

  #norm(x, prefix, name) {
    const inputs = [x, this.#weight(`${prefix}.weight`), this.#weight(`${prefix}.bias`)];
    const epsilon = String(this.#config.layer_norm_eps);
    return this.#graph.node("LayerNormalization", inputs, { epsilon }, { name });
  }

  #embeddings(ids) {
    const graph = this.#graph;
    const words = graph.node("Gather", [this.#weight("roformer.embeddings.word_embeddings.weight"), ids]);
    const types = this.#parameter("roformer.embeddings.token_type_embeddings.weight");
    const width = types.shape[1];
    const first = graph.constant(types.read().slice(0, width), [width]);
    return this.#norm(graph.node("Add", [words, first]), "roformer.embeddings.LayerNorm");
  }

  #linear(x, prefix) {
    const graph = this.#graph;
    const parameter = this.#parameter(`${prefix}.weight`);
    const [outputs, inputs] = parameter.shape;
    const weight = transposed(parameter.read(), outputs, inputs);
    const bias = this.#weight(`${prefix}.bias`);
    if (!this.#int8)
      return graph.node("Add", [graph.node("MatMul", [x, graph.constant(weight, [inputs, outputs])]), bias]);
    const { values, scales } = quantised(weight, outputs);
    const constants = [graph.constant(values, [inputs, outputs]), graph.constant(scales, [outputs])];
    return graph.node("DynamicQuantizeMatMul", [x, ...constants, "", bias], {}, RUNTIME);
  }

  #attention(x, prefix, { mask, rotations }) {
    const graph = this.#graph;
    const num_heads = this.#config.num_attention_heads;
    const rotate = (one) => graph.node("RotaryEmbedding", [one, ...rotations], { interleaved: 1 }, RUNTIME);
    const [q, k, v] = ["query", "key", "value"].map((part) => this.#linear(x, `${prefix}.${part}`));
    return graph.node("MultiHeadAttention", [rotate(q), rotate(k), v, "", mask], { num_heads }, RUNTIME);
  }

  #layer(x, prefix, shared) {
    const graph = this.#graph;
    const attended = this.#attention(x, `${prefix}.attention.self`, shared);
    const dense = this.#linear(attended, `${prefix}.attention.output.dense`);
    const middle = this.#norm(graph.node("Add", [dense, x]), `${prefix}.attention.output.LayerNorm`);
    const inner = graph.node("Gelu", [this.#linear(middle, `${prefix}.intermediate.dense`)]);
    const y = this.#linear(inner, `${prefix}.output.dense`);
    return this.#norm(graph.node("Add", [y, middle]), `${prefix}.output.LayerNorm`, shared.name);
  }

  #classifier(x) {
    const graph = this.#graph;
    const first = graph.node("Gather", [x, graph.constant([0], [])], { axis: 1 });
    const inner = graph.node("Gelu", [this.#linear(first, "classifier.dense")]);
    const out = ["weight", "bias"].map((part) => this.#weight(`classifier.out_proj.${part}`));
    graph.node("Gemm", [inner, ...out], { transB: 1 }, { name: "logits" });
  }
}

/**
 * `[inputs, outputs]` as int8 times a scale for each output.
 * @param {Float32Array} weight
 * @param {number} outputs
 */
function quantised(weight, outputs) {
  const scales = new Float32Array(outputs);
  for (const [i, value] of weight.entries()) scales[i % outputs] = Math.max(scales[i % outputs], Math.abs(value) / 127);
  return { values: Int8Array.from(weight, (value, i) => Math.round(value / (scales[i % outputs] || 1))), scales };
}
