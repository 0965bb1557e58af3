/**
 * What stands for `webScripts.ts` in the script of a worker: it starts itself once more, from wherever it was loaded. Some bundlers
 * make a classic script of it, which has to be started as one.
 */
export const webScripts = {
  start: (): Worker => new Worker(self.location.href, isClassic() ? {} : { type: "module" }),
};

/** Classic workers alone may import scripts, and importing none does nothing. */
function isClassic(): boolean {
  try {
    (self as unknown as { importScripts(): void }).importScripts();
    return true;
  } catch {
    return false;
  }
}
