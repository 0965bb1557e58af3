/** Milliseconds after which nobody writes to a file any more whose process cannot be asked about. */
const LONGEST_DOWNLOAD = 24 * 3600 * 1000;

/** A file that a process may have left when it was killed, and how long it must have rested to be one. */
interface Leftover {
  readonly name: string;
  readonly age: number;
}

/** This machine, or container: process ids mean nothing elsewhere, and a cache may be shared. */
const machine = (): string =>
  process
    .getBuiltinModule("node:os")
    .hostname()
    .replace(/[^\w-]/g, "_")
    .slice(0, 40);

/** A name for a file that is being written, which says who writes: `.FILE.MACHINE.PID-RANDOM.tmp`. */
export const temporaryName = (file: string): string =>
  `.${file}.${machine()}.${process.pid}-${Math.random().toString(36).slice(2, 10)}.tmp`;

/** Those of some files that were being written by processes which are gone, or may be. */
export function leftovers(names: readonly string[]): Leftover[] {
  return names.flatMap((name) => {
    const [, before, pid] = /(?:^|[\\/])\.([^\\/]+)\.(\d+)-[a-z\d]*\.tmp$/.exec(name) ?? [];
    if (before === undefined || pid === undefined) return [];
    // Without a machine's name it is one of this machine's.
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
