import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type HeadName, RoFormer } from "../../ts/index.js";
import { sentenceCase, sentenceFiles } from "../models/sentenceFolders.js";
import { temporaryFolder } from "../process.js";
import { hasModule, pythonJson } from "../train/python.js";

const tools = process.env.WASM_TOOLS ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "roformer-tools");

/** The sum of each tensor's absolute numbers, by its name, of a folder of f32 and of one of int8; and what transformers says of the latter. */
const SCRIPT = `
import json, sys, numpy, safetensors.numpy, transformers
plain, int8 = (safetensors.numpy.load_file(folder + "/model.safetensors") for folder in sys.argv[1:3])
errors = {}
for name, tensor in int8.items():
    if name.endswith("_scale"): continue
    scale = int8.get(name + "_scale")
    assert (tensor.dtype == numpy.int8) == (scale is not None), name
    weight = tensor if scale is None else tensor.astype("float32") * scale[:, None]
    step = numpy.zeros(1) if scale is None else scale[:, None]
    errors[name] = float((numpy.abs(weight - plain[name]) / numpy.maximum(step, 1e-30)).max()) if scale is not None else float(numpy.abs(weight - plain[name]).max())
said = []
for load in (transformers.AutoConfig, transformers.AutoModel):
    try:
        load.from_pretrained(sys.argv[2])
        said.append("loaded")
    except ValueError as error:
        said.append(str(error))
print(json.dumps({"errors": errors, "said": said, "bytes": [name for name, one in int8.items() if one.dtype == numpy.int8]}))
`;

/** What sentence-transformers says of a folder. */
const SENTENCES = `
import json, sys, sentence_transformers
try:
    sentence_transformers.SentenceTransformer(sys.argv[1], device="cpu")
    print(json.dumps("loaded"))
except ValueError as error:
    print(json.dumps(str(error)))
`;

describe.skipIf(!existsSync(join(tools, "oracle/bin/python")))("Python", () => {
  it.each([
    ["roformer", "masked-lm"],
    ["bert", "sequence-classification"],
  ] as const)(
    "reads the tensors of a %s in int8, and transformers refuses its folder by name",
    async (model_type, head) => {
      const folder = temporaryFolder();
      const sizes = { vocab_size: 61, hidden_size: 24, num_hidden_layers: 1, num_attention_heads: 2 };
      const model = RoFormer.create(
        { model_type, ...sizes, intermediate_size: 40 },
        { head: head as HeadName, seed: 2 },
      );
      await model.save(join(folder, "plain"));
      await model.save(join(folder, "int8"), { dtype: "int8" });
      const found = pythonJson(SCRIPT, join(folder, "plain"), join(folder, "int8")) as {
        errors: Record<string, number>;
        said: string[];
        bytes: string[];
      };
      expect(Object.keys(found.errors).sort()).toEqual(
        model
          .parameters()
          .map(({ name }) => name)
          .sort(),
      );
      expect(found.bytes.length).toBeGreaterThan(6);
      for (const [name, error] of Object.entries(found.errors))
        expect(error, name).toBeLessThanOrEqual(found.bytes.includes(name) ? 0.5 + 1e-5 : 0);
      for (const line of found.said) expect(line).toMatch(/roformer_js/);
      model.close();
    },
  );

  it.skipIf(!hasModule("sentence_transformers"))("refuses a sentence model in int8 by name", async () => {
    const folder = join(temporaryFolder(), "int8");
    const model = await RoFormer.load(sentenceFiles(sentenceCase("Dense")));
    await model.save(folder, { dtype: "int8" });
    model.close();
    expect(pythonJson(SENTENCES, folder)).toMatch(/roformer_js/);
  });
});
