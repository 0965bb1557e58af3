import { type NodeModules, safeParts, writeFile } from "./nodeFolders.js";
import type { Downloads, KeptFile } from "./platform.js";

/**
 * Downloaded files in a folder: `ROFORMER_CACHE`, else `roformer` in `XDG_CACHE_HOME`, else `~/.cache/roformer`.
 */
export function folderOfDownloads(node: NodeModules, readRange: ReadRange): Downloads {
  const { path, fs } = node;
  const { ROFORMER_CACHE, XDG_CACHE_HOME } = process.env;
  const home = () => path.join(process.getBuiltinModule("node:os").homedir(), ".cache");
  const folder = path.resolve(ROFORMER_CACHE || path.join(XDG_CACHE_HOME || home(), "roformer"));
  const at = (key: string) => path.join(folder, ...safeParts(key));
  return {
    name: folder,
    async find(key): Promise<KeptFile | undefined> {
      const found = await fs.stat(at(key)).catch(() => undefined);
      if (!found?.isFile()) return undefined;
      return { size: found.size, readRange: (start, end) => readRange(at(key), start, end) };
    },
    keep: (key, content) => writeFile(node, at(key), content),
  };
}

type ReadRange = (file: string, start: number, end: number) => Promise<Uint8Array>;
