import type { NodeModules } from "./nodeFiles.js";

/**
 * The owner of a save, as part of a file name: host, boot, process, its start, and a number. A process id alone may be reused by another
 * process.
 */
const PATTERN = /^([0-9a-f]{8})-([0-9a-f]{8})-(\d+)-(\d+)-([0-9a-z]{1,12})$/;

/** The state of an owner; "unknown" if it cannot be seen from here (another host, another container). */
export type Fate = "alive" | "dead" | "unknown";

/** A unique owner name for a save of this process. */
export function newOwner(node: NodeModules): string {
  const [host, boot] = machine(node);
  const unique = `${Math.random().toString(36).slice(2)}00000000`.slice(0, 8);
  return `${host}-${boot}-${process.pid}-${stateOf(node, process.pid)?.start ?? 0}-${unique}`;
}

/** Whether a string is a result of {@link newOwner}. */
export const isOwner = (name: string): boolean => PATTERN.test(name);

/** Whether the process of an owner name still runs. */
export function fateOf(node: NodeModules, owner: string): Fate {
  const [, host, boot, pid, start] = PATTERN.exec(owner) ?? [];
  if (pid === undefined) return "unknown";
  const [here, now] = machine(node);
  if (host !== here) return "unknown";
  if (boot !== now || !isRunning(Number(pid))) return "dead";
  const state = stateOf(node, Number(pid));
  if (state === undefined) return "alive"; // the system does not report it
  return state.gone || (start !== "0" && start !== state.start) ? "dead" : "alive";
}

/** Whether a process id is in use on this machine. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

let known: readonly [host: string, boot: string] | undefined;

/** Identifies this machine and its boot. Containers count as machines: they do not see each other's processes. */
function machine({ sync }: NodeModules): readonly [host: string, boot: string] {
  const orNothing = (read: () => string) => {
    try {
      return read();
    } catch {
      return "";
    }
  };
  known ??= [
    digest(process.getBuiltinModule("node:os").hostname() + orNothing(() => sync.readlinkSync("/proc/self/ns/pid"))),
    digest(orNothing(() => sync.readFileSync("/proc/sys/kernel/random/boot_id", "utf8"))),
  ];
  return known;
}

const digest = (text: string): string =>
  process.getBuiltinModule("node:crypto").createHash("sha256").update(text).digest("hex").slice(0, 8);

/** When a process started (in ticks since boot), and whether it is a zombie. Linux only. */
function stateOf({ sync }: NodeModules, pid: number): { start: string; gone: boolean } | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    const text = sync.readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name in parentheses may contain anything.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { start: fields[19]!, gone: /^[ZXx]$/.test(fields[0]!) };
  } catch {
    return undefined;
  }
}
