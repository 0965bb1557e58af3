import { spawnSync } from "node:child_process";
import { homedir } from "node:os";
import { join } from "node:path";

const tools = process.env.WASM_TOOLS ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "roformer-tools");
const python = join(tools, "oracle/bin/python");

/** Whether Python has a module. */
export const hasModule = (name: string): boolean => spawnSync(python, ["-c", `import ${name}`]).status === 0;

/** What a script prints as JSON. */
export function pythonJson(script: string, ...args: string[]): unknown {
  const { stdout, stderr, status } = spawnSync(python, ["-c", script, ...args], {
    encoding: "utf8",
    env: { ...process.env, HF_HUB_OFFLINE: "1", CUDA_VISIBLE_DEVICES: "" },
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout.trim().split("\n").at(-1)!);
}
