import { execFile, execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { convert, RoFormer } from "../../ts/index.js";
import { distill } from "../../ts/train/index.js";
import { apart, sentenceCases, sentenceFiles, writeFiles } from "../models/sentenceFolders.js";
import { temporaryFolder } from "../process.js";
import { PIECES, SHORT, sentences, teacherFiles, textFile } from "../train/distill/teachers.js";

const tools = process.env.WASM_TOOLS ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "roformer-tools");
const python = join(tools, "oracle/bin/python");
const env = { ...process.env, HF_HUB_OFFLINE: "1", CUDA_VISIBLE_DEVICES: "", OMP_NUM_THREADS: "1" };

/** Vectors of texts, and similarities of the first three to all, for each folder of a list. */
const SCRIPT = `
import json, sys
from sentence_transformers import SentenceTransformer
asked = json.load(open(sys.argv[1]))
found = []
for folder in asked["folders"]:
    model = SentenceTransformer(folder, device="cpu")
    vectors = model.encode(asked["texts"])
    found.append({"vectors": vectors.tolist(), "similarity": model.similarity(vectors[:3], vectors).tolist()})
print(json.dumps(found))
`;

/** Releases before 5.4 do not know \`pooling_mode\`. */
function hasOracle(): boolean {
  try {
    const script =
      "from importlib.metadata import version; assert int(version('sentence-transformers').split('.')[0]) >= 6";
    execFileSync(python, ["-c", script], { env, stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const { cases, texts } = sentenceCases;

describe("Python's sentence-transformers (skipped without release 6 or later in the oracle)", () => {
  let missing: boolean;
  beforeAll(() => {
    missing = !hasOracle();
  });

  async function computed(
    folders: readonly string[],
    of = texts,
  ): Promise<{ vectors: number[][]; similarity: number[][] }[]> {
    const file = join(temporaryFolder(), "asked.json");
    writeFileSync(file, JSON.stringify({ folders, texts: of }));
    const { stdout } = await promisify(execFile)(python, ["-c", SCRIPT, file], { env, maxBuffer: 2 ** 27 });
    return JSON.parse(stdout.trim().split("\n").at(-1)!);
  }

  it("computes the same with every folder that was loaded and saved here", async (ctx) => {
    if (missing) ctx.skip("no sentence-transformers 6 in the Python oracle");
    const root = temporaryFolder();
    const folders = cases.map((_, i) => join(root, String(i)));
    for (const [i, one] of cases.entries()) {
      const model = await RoFormer.load(sentenceFiles(one));
      await model.save(folders[i]!);
      model.close();
    }
    const found = await computed(folders);
    for (const [i, { name, runs, similarity }] of cases.entries()) {
      expect(apart(found[i]!.vectors, runs[0]!.vectors), name).toBeLessThan(2e-5);
      if (similarity) expect(apart(found[i]!.similarity, similarity), name).toBeLessThan(2e-5);
    }
  }, 120_000);

  it("computes the same with students of a smaller vocabulary, fewer layers, rotary positions and another width", async (ctx) => {
    if (missing) ctx.skip("no sentence-transformers 6 in the Python oracle");
    const data = textFile(sentences(60));
    const teacher = await teacherFiles();
    const asked = sentences(8, 7);
    for (const more of [{}, { width: 8 }, { position: "learned" }] as const) {
      const out = join(temporaryFolder(), "student");
      const { model } = await distill({ teacher, data, ...SHORT, layers: 2, vocabSize: PIECES - 4, out, ...more });
      const own = await model.embed(asked);
      model.close();
      const [found] = await computed([out], asked);
      expect(apart(own, found!.vectors), JSON.stringify(more)).toBeLessThan(2e-5);
    }
  }, 120_000);

  it("loads folders of half precision that convert made", async (ctx) => {
    if (missing) ctx.skip("no sentence-transformers 6 in the Python oracle");
    const folders: string[] = [];
    const chosen = cases.filter(({ name }) => ["Dense, Normalize", "0_BERT", "LayerNorm"].includes(name));
    for (const one of chosen) {
      const folder = join(temporaryFolder(), "model");
      await writeFiles(folder, sentenceFiles(one));
      await convert(folder, `${folder}-half`, { dtype: "f16" });
      folders.push(`${folder}-half`);
    }
    const found = await computed(folders);
    // Python computes in the type of the weights: f16 keeps 11 bits.
    for (const [i, { name, runs }] of chosen.entries())
      expect(apart(found[i]!.vectors, runs[0]!.vectors), name).toBeLessThan(2e-2);
  }, 60_000);
});
