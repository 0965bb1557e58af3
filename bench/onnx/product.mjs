// y = x W as an ONNX graph, W a constant as a model's weights are.
import { Graph } from "./graph.mjs";

/**
 * The bytes of the graph with the input x, `[M, K]`, and the output y.
 * @param {Float32Array} weight `[K, N]`
 * @param {number} K
 * @param {number} N
 */
export function productGraph(weight, K, N) {
  const graph = new Graph();
  graph.floats("x", ["M", K]);
  graph.node("MatMul", ["x", graph.constant(weight, [K, N])], {}, { name: "y" });
  graph.output("y", ["M", N]);
  return graph.encode();
}
