import { makeFolders, type NodeModules, removeEmpty } from "./nodeFiles.js";
import { fateOf, isOwner, newOwner } from "./nodeOwner.js";

/** What the name of a claim begins with; its owner's name follows. */
const CLAIM = ".in-use-";

/** See `Platform.claimFolder`. Of two that claim at the same time, one or both are refused. */
export async function claimFolder(node: NodeModules, folder: string): Promise<() => Promise<void>> {
  const { fs, path } = node;
  const made = await makeFolders(node, folder);
  const own = `${CLAIM}${newOwner(node)}`;
  const remove = (name: string) => fs.rm(path.join(folder, name), { force: true });
  await fs.writeFile(path.join(folder, own), "");
  for (const name of await fs.readdir(folder)) {
    const owner = name.slice(CLAIM.length);
    if (name === own || !name.startsWith(CLAIM) || !isOwner(owner)) continue;
    const fate = fateOf(node, owner);
    if (fate === "dead") await remove(name);
    if (fate !== "alive") continue;
    await remove(own);
    await removeEmpty(fs, made);
    throw new Error(`another training, of process ${owner.split("-")[2]}, uses it`);
  }
  return async () => {
    await remove(own);
    await removeEmpty(fs, made);
  };
}
