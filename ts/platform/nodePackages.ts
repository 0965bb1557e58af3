// No literal `import.meta.url` in the call: a bundler would warn of a format without it.
const here = import.meta.url;

/** The folder of an installed package, found from this package or else from the current folder; undefined if it is not installed. */
export function packageFolder(name: string): string | undefined {
  const { createRequire } = process.getBuiltinModule("node:module");
  const path = process.getBuiltinModule("node:path");
  for (const from of [() => here, () => path.join(process.cwd(), "index.js")]) {
    try {
      return path.dirname(createRequire(from()).resolve(`${name}/package.json`));
    } catch {
      // Not found from there; or the current folder was removed.
    }
  }
  return undefined;
}
