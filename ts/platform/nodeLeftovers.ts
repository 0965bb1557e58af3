/** Milliseconds after which a temporary file counts as abandoned, if its process cannot be checked. */
const LONGEST_DOWNLOAD = 24 * 3600 * 1000;

/** A possible leftover of a killed process, and the minimum age at which it counts as one. */
interface Leftover {
  readonly name: string;
  readonly age: number;
}

/** Identifies this machine or container: process ids are local to it, and a cache may be shared. */
const machine = (): string =>
  process
    .getBuiltinModule("node:os")
    .hostname()
    .replace(/[^\w-]/g, "_")
    .slice(0, 40);

/** A temporary name with its writer: `.FILE.MACHINE.PID-RANDOM.tmp`. */
export const temporaryName = (file: string): string =>
  `.${file}.${machine()}.${process.pid}-${Math.random().toString(36).slice(2, 10)}.tmp`;

/** The files among `names` whose writers are gone, or may be. */
export function leftovers(names: readonly string[]): Leftover[] {
  return names.flatMap((name) => {
    const [, before, pid] = /(?:^|[\\/])\.([^\\/]+)\.(\d+)-[a-z\d]*\.tmp$/.exec(name) ?? [];
    if (before === undefined || pid === undefined) return [];
    // Without a machine's name, it belongs to this machine.
    const isOurs = before.endsWith(`.${machine()}`) || !/\.[\w-]+$/.test(before.replace(/\.[a-z]+$/i, ""));
    if (isOurs && isAlive(Number(pid))) return [];
    return [{ name, age: isOurs ? 0 : LONGEST_DOWNLOAD }];
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
