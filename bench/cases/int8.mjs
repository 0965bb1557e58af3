// Models whose weights are int8 and whose activations become so on the way.
import { batchOf, full } from "../inputs.mjs";
import { configs } from "../models.mjs";

/** Random layers blow up what rounding does: no more than a sign that the same thing is computed. */
const TOLERANCE = 0.3;

/** @type {import("./index.mjs").Case} */
export const int8 = {
  name: "int8",
  about: "int8 weights, base (1,128), beside f32 and beside onnxruntime-web's int8",
  peers: ["onnxruntimeWeb"],
  async run(bench) {
    const folder = await bench.model("base", ["model.int8.onnx"]);
    const options = { folder, batch: batchOf(full(1, 128), configs.base.vocab_size) };
    const side = (peer, int8) => ({ peer, work: "forward", options: { ...options, int8 } });
    const common = /** @type {const} */ ({ left: side("ours", true), of: "speed", tolerance: TOLERANCE });
    await bench.pair({
      name: "int8 base (1,128)",
      right: side("ours", false),
      title: "f32",
      wanted: { least: 1.8 },
      ...common,
    });
    const peer = "onnxruntimeWeb";
    await bench.pair({ name: "int8 base (1,128)", right: side(peer, true), wanted: { least: 1 }, ...common });
  },
};
