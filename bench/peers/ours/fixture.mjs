// Model folders that every peer reads: config.json, model.safetensors and, for runtimes of graphs, model.onnx.
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { configs } from "../../models.mjs";

/** @param {import("../ours.mjs").Package} entries */
export const fixtureWorks = ({ main }) => ({
  /** Makes the files of the model `name` in `folder` that are not there, among them graphs in f32 or, by their name, int8. */
  fixture: ({ name, folder, graphs }) => ({
    async measure() {
      if (!existsSync(folder)) await saveModel(main, name, folder);
      for (const file of graphs) if (!existsSync(join(folder, file))) await saveGraph(main, folder, file);
      return folder;
    },
  }),
});

async function saveModel({ RoFormer }, name, folder) {
  mkdirSync(dirname(folder), { recursive: true });
  const model = RoFormer.create(configs[name], { head: "sequence-classification", seed: 1 });
  await model.save(folder);
  model.close();
}

async function saveGraph({ RoFormer }, folder, name) {
  const { roformerGraph } = await import("../../onnx/roformer.mjs");
  const model = await RoFormer.load(folder);
  const stage = join(folder, `${name}.new`);
  rmSync(stage, { force: true });
  writeFileSync(stage, roformerGraph(model.config, model.parameters(), { int8: name.includes("int8") }));
  renameSync(stage, join(folder, name)); // a file that exists is whole
  model.close();
}
