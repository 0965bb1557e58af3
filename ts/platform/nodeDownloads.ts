import type { NodeModules } from "./nodeFiles.js";
import { safeParts } from "./nodeFiles.js";
import { leftovers, temporaryName } from "./nodeLeftovers.js";
import type { Downloads, KeptFile } from "./platform.js";

/**
 * The cache of files: `chosen`, else `ROFORMER_CACHE`, else `roformer` in `XDG_CACHE_HOME`, else `~/.cache/roformer`. Leftovers of
 * killed processes are removed before the first file is cached.
 */
export function folderOfDownloads(node: NodeModules, readRange: ReadRange, chosen?: string): Downloads {
  const { path, fs } = node;
  const { ROFORMER_CACHE, XDG_CACHE_HOME } = process.env;
  const home = () => path.join(process.getBuiltinModule("node:os").homedir(), ".cache");
  const folder = path.resolve(chosen || ROFORMER_CACHE || path.join(XDG_CACHE_HOME || home(), "roformer"));
  const at = (key: string) => path.join(folder, ...safeParts(key));
  return {
    name: folder,
    async find(key): Promise<KeptFile | undefined> {
      const found = await fs.stat(at(key)).catch(() => undefined);
      if (!found?.isFile()) return undefined;
      return { size: found.size, readRange: (start, end) => readRange(at(key), start, end) };
    },
    async list(part) {
      const names = await fs.readdir(at(part)).catch(() => [] as string[]);
      return names.sort().map((name) => `${part}/${name}`);
    },
    async keep(key, content) {
      await sweep(node, folder);
      await keepFile(node, at(key), content);
    },
    remove: (key) => fs.rm(at(key), { force: true }),
    temporary: () => temporaryName("spool"),
  };
}

type ReadRange = (file: string, start: number, end: number) => Promise<Uint8Array>;

/** Writes a temporary file and renames it, so that concurrent writes are atomic. */
async function keepFile({ fs, sync, path }: NodeModules, file: string, content: Pieces): Promise<void> {
  const missing: string[] = [];
  for (let at = path.dirname(file); !sync.existsSync(at); at = path.dirname(at)) missing.unshift(at);
  // Not `mkdir`'s own `recursive`, which never returns under /proc. Other processes may make the same folders.
  for (const one of missing) {
    await fs.mkdir(one).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST" || !sync.statSync(one).isDirectory()) throw error;
    });
  }
  const beside = path.join(path.dirname(file), temporaryName(path.basename(file)));
  try {
    const handle = await fs.open(beside, "wx");
    try {
      for await (const piece of content)
        for (let at = 0; at < piece.length; ) at += (await handle.write(piece, at)).bytesWritten;
      await handle.sync();
    } finally {
      await handle.close();
    }
    await fs.rename(beside, file);
  } catch (error) {
    await fs.rm(beside, { force: true });
    throw error;
  }
}

type Pieces = Parameters<Downloads["keep"]>[1];

const swept = new Map<string, Promise<void>>();

/** Removes leftovers, once per process. */
function sweep({ fs, path }: NodeModules, folder: string): Promise<void> {
  const sweeping = swept.get(folder) ?? removeLeftovers(fs, path, folder);
  swept.set(folder, sweeping);
  return sweeping;
}

async function removeLeftovers(fs: NodeModules["fs"], path: NodeModules["path"], folder: string): Promise<void> {
  const names = await fs.readdir(folder, { recursive: true }).catch(() => [] as string[]);
  for (const file of leftovers(names)) {
    const full = path.join(folder, file.name);
    const age = Date.now() - ((await fs.stat(full).catch(() => undefined))?.mtimeMs ?? Number.POSITIVE_INFINITY);
    if (age >= file.age) await fs.rm(full, { force: true }).catch(() => undefined);
  }
}
