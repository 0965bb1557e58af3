// PyTorch on its CPU with Hugging Face's RoFormer: native code, optional. pytorch.py speaks for it.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { toolFolder } from "../../scripts/tools.mjs";

/** A Python with torch, transformers and safetensors. */
const python = () => process.env.ROFORMER_PYTHON ?? join(toolFolder(), "oracle/bin/python");

/** @type {import("./index.mjs").Peer} */
export const torch = {
  title: "PyTorch",
  missing: () => (existsSync(python()) ? undefined : `no ${python()}: a Python with torch and transformers is wanted`),
  command: ({ threads }) => [python(), fileURLToPath(new URL("pytorch.py", import.meta.url)), String(threads)],
};
