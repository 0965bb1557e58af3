import type { NodeModules } from "./nodeFiles.js";

/**
 * Who saves, as a name for files: host, boot, process, its start, and a number. A process id alone would be taken over by the next
 * process that gets it.
 */
const PATTERN = /^([0-9a-f]{8})-([0-9a-f]{8})-(\d+)-(\d+)-([0-9a-z]{1,12})$/;

/** What has become of an owner; "unknown" if that cannot be seen from here (another host, another container). */
export type Fate = "alive" | "dead" | "unknown";

/** A name for a save of this process that no other has. */
export function newOwner(node: NodeModules): string {
  const [host, boot] = machine(node);
  const unique = `${Math.random().toString(36).slice(2)}00000000`.slice(0, 8);
  return `${host}-${boot}-${process.pid}-${stateOf(node, process.pid)?.start ?? 0}-${unique}`;
}

/** True for what {@link newOwner} gives. */
export const isOwner = (name: string): boolean => PATTERN.test(name);

/** Whether the process that made a name still runs. */
export function fateOf(node: NodeModules, owner: string): Fate {
  const [, host, boot, pid, start] = PATTERN.exec(owner) ?? [];
  if (pid === undefined) return "unknown";
  const [here, now] = machine(node);
  if (host !== here) return "unknown";
  if (boot !== now || !isRunning(Number(pid))) return "dead";
  const state = stateOf(node, Number(pid));
  if (state === undefined) return "alive"; // a system that does not tell
  return state.gone || (start !== "0" && start !== state.start) ? "dead" : "alive";
}

/** True for a process id in use on this machine. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

let known: readonly [host: string, boot: string] | undefined;

/** Which machine this is, and which start of it. Containers are machines of their own: they do not see each other's processes. */
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

/** When a process started (in ticks since the machine did), and whether it has ended but not been waited for. Linux alone tells. */
function stateOf({ sync }: NodeModules, pid: number): { start: string; gone: boolean } | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    const text = sync.readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name in parentheses may hold anything.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { start: fields[19]!, gone: /^[ZXx]$/.test(fields[0]!) };
  } catch {
    return undefined;
  }
}
