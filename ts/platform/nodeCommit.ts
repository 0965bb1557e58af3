import { ACTIVE, JOURNAL, type Journal, MAIN, parseJournal, removes } from "./journal.js";
import {
  flushSync,
  isWindows,
  moveFile,
  type NodeModules,
  PASSING,
  renameStubbornly,
  requireNoLinks,
} from "./nodeFiles.js";
import { fateOf, isOwner, newOwner } from "./nodeOwner.js";

/** The prefix of a staged folder, followed by the name of its owner. */
export const STAGED = `${ACTIVE}-`;

/** The prefix of the file that names a staged folder's owner; renaming that file takes the save over. */
export const OWNED = "owner-";

/** Milliseconds without a step after which a save counts as abandoned, if its process cannot be seen. A step takes about 1 ms. */
const ABANDONED = 30_000;

/** Commits that this thread began. They run synchronously, so one found in progress has failed. */
const ours = new Set<string>();

/**
 * Moves the files of `staged`, a folder in `target`, to their places, and removes `staged`. Waits for another commit, and finishes or
 * rolls back one whose process is dead. If it fails, the folder is unchanged.
 */
export async function commit(node: NodeModules, target: string, staged: string, owner: string): Promise<void> {
  const active = node.path.join(target, ACTIVE);
  for (let [seen, since, tries] = ["", 0, 0]; ; tries++) {
    if (isTaken(node, staged, active, tries < 200)) return carryOutOurs(node, target, owner);
    const holder = holderOf(node, active);
    if (holder !== undefined) {
      if (isDamaged(node, active)) throw damaged(node, active); // it was complete when it was renamed, so waiting does not help
      if (holder.step !== seen) [seen, since] = [holder.step, performance.now()];
      const abandoned = performance.now() - since > ABANDONED;
      if (holder.owner === undefined && abandoned)
        throw new Error(`${active} is not a save of this library: move it elsewhere`);
      if (holder.owner !== undefined && (abandoned || isDead(node, holder.owner))) {
        takeOver(node, target, holder.owner);
        continue;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, Math.min(100, 5 + tries * 5)));
  }
}

/** Takes the lock and commits without yielding to other code of this thread. */
function carryOutOurs(node: NodeModules, target: string, owner: string): void {
  ours.add(owner);
  carryOut(node, target, owner);
}

/** Error codes while another commit is in progress; on Windows also while a file is open. */
const TAKEN = ["EEXIST", "ENOTEMPTY", ...(isWindows() ? PASSING : [])];

/**
 * Renames `staged`, which takes the lock: a folder cannot be renamed to that of a non-empty folder.
 * Returns false if that may succeed later.
 */
function isTaken({ sync }: NodeModules, staged: string, active: string, patient: boolean): boolean {
  try {
    sync.renameSync(staged, active);
    return true;
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (sync.existsSync(active) || (patient && TAKEN.includes(code))) return false;
    throw error;
  }
}

function isDamaged({ sync, path }: NodeModules, active: string): boolean {
  try {
    return parseJournal(sync.readFileSync(path.join(active, JOURNAL), "utf8")) === undefined;
  } catch {
    return false; // it has ended by now
  }
}

const damaged = ({ path }: NodeModules, active: string): Error =>
  new Error(`${path.join(active, JOURNAL)} is damaged: move ${active} elsewhere`);

/** Finishes or rolls back the commit of a dead process, if there is one. */
export function endAbandoned(node: NodeModules, target: string): void {
  const owner = holderOf(node, node.path.join(target, ACTIVE))?.owner;
  if (owner !== undefined && isDead(node, owner)) takeOver(node, target, owner);
}

const isDead = (node: NodeModules, owner: string): boolean => ours.has(owner) || fateOf(node, owner) === "dead";

/** The owner of the current commit, and a string that changes with every step; undefined if there is none. */
function holderOf(
  { sync, path }: NodeModules,
  active: string,
): { owner: string | undefined; step: string } | undefined {
  try {
    const file = sync.readdirSync(active).find((name) => name.startsWith(OWNED) && isOwner(name.slice(OWNED.length)));
    if (file === undefined) return { owner: undefined, step: "?" };
    return { owner: file.slice(OWNED.length), step: `${file} ${sync.statSync(path.join(active, file)).mtimeMs}` };
  } catch {
    return sync.existsSync(active) ? { owner: undefined, step: "?" } : undefined;
  }
}

/** Completes the commit of a dead process; if several try, one succeeds. */
function takeOver(node: NodeModules, target: string, from: string): void {
  const owner = newOwner(node);
  const at = (name: string) => node.path.join(target, ACTIVE, OWNED + name);
  try {
    node.sync.renameSync(at(from), at(owner));
  } catch {
    return; // another process does, or it has ended
  }
  try {
    carryOut(node, target, owner);
  } catch (error) {
    if (node.sync.existsSync(at(owner))) throw error; // neither finished nor rolled back
  }
}

/** Executes the journal, or rolls it back, and releases the lock; synchronous. */
function carryOut(node: NodeModules, target: string, owner: string): void {
  const steps = new Steps(node, target, owner);
  try {
    steps.forward();
  } catch (error) {
    try {
      steps.back();
      steps.release();
    } catch {} // readers of this library still find the new files; the next save retries
    throw error;
  }
  steps.release();
}

/** The steps of a commit. Each is idempotent, so another process can continue where one was killed. */
class Steps {
  private readonly node: NodeModules;
  private readonly target: string;
  private readonly active: string;
  private readonly mark: string;
  private readonly owner: string;
  private readonly journal: Journal;

  constructor(node: NodeModules, target: string, owner: string) {
    [this.node, this.target, this.owner] = [node, target, owner];
    this.active = node.path.join(target, ACTIVE);
    this.mark = node.path.join(this.active, OWNED + owner);
    const journal = parseJournal(node.sync.readFileSync(node.path.join(this.active, JOURNAL), "utf8"));
    if (journal === undefined) throw damaged(node, this.active);
    requireNoLinks(node, target, [...journal.files, ...journal.remove]);
    this.journal = journal;
  }

  /** Moves new files to their places; the folder has no {@link MAIN} until the last of them is there. */
  forward(): void {
    const stale = this.node.sync.readdirSync(this.target).filter((name) => removes(this.journal, name));
    const below = this.journal.remove.filter((name) => name.includes("/") && removes(this.journal, name));
    for (const name of mainFirst(this.journal.files)) {
      if (this.holds(this.fresh(name)) && this.holds(this.place(name))) this.move(this.place(name), this.old(name));
    }
    for (const name of [...stale, ...below]) {
      if (this.holds(this.place(name)) && !this.isFolder(name)) this.move(this.place(name), this.old(name));
    }
    for (const name of mainFirst(this.journal.files).reverse()) {
      if (this.holds(this.fresh(name))) this.move(this.fresh(name), this.place(name));
    }
    this.flush();
  }

  /** Moves everything back. */
  back(): void {
    for (const name of mainFirst(this.journal.files)) {
      if (!this.holds(this.fresh(name)) && this.holds(this.place(name))) this.move(this.place(name), this.fresh(name));
    }
    for (const name of mainFirst(this.kept()).reverse()) {
      if (!this.holds(this.place(name))) this.move(this.old(name), this.place(name));
    }
    this.flush();
  }

  /** Releases the lock, and removes the replaced files. */
  release(): void {
    const { node } = this;
    const away = node.path.join(this.target, STAGED + this.owner);
    renameStubbornly(node, this.active, away);
    flushSync(node, this.target);
    try {
      node.sync.rmSync(away, { recursive: true, force: true, maxRetries: 3 });
    } catch {} // the next save retries
  }

  private readonly place = (name: string): string => this.node.path.join(this.target, name);
  private readonly fresh = (name: string): string => this.node.path.join(this.active, "files", name);
  private readonly old = (name: string): string => this.node.path.join(this.active, "old", name);

  /** Whether a file or link exists; a dangling link counts. */
  private holds(path: string): boolean {
    return this.node.sync.lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  }

  private isFolder(name: string): boolean {
    return this.node.sync.statSync(this.place(name), { throwIfNoEntry: false })?.isDirectory() ?? false;
  }

  /** Names of files that were moved away. */
  private kept(): string[] {
    const { sync, path } = this.node;
    const root = path.join(this.active, "old");
    if (!this.holds(root)) return [];
    const entries = sync.readdirSync(root, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => !entry.isDirectory());
    return files.map(({ parentPath, name }) => path.relative(root, path.join(parentPath, name)).replaceAll("\\", "/"));
  }

  private move(from: string, to: string): void {
    this.touch();
    if (this.node.sync.statSync(from, { throwIfNoEntry: false })?.isDirectory())
      throw new Error(`${from} is a folder, not a file`);
    this.node.sync.mkdirSync(this.node.path.dirname(to), { recursive: true });
    moveFile(this.node, from, to, () => this.touch());
  }

  /** Signals progress; fails if another process has taken the commit over. */
  private touch(): void {
    const now = Date.now() / 1000;
    this.node.sync.utimesSync(this.mark, now, now);
  }

  private flush(): void {
    const folders = this.journal.files.map((name) => this.node.path.dirname(this.place(name)));
    for (const folder of new Set([this.target, ...folders])) flushSync(this.node, folder);
  }
}

/** The order in which files are removed; they are added in reverse. */
const mainFirst = (names: readonly string[]): string[] => [
  ...names.filter((name) => name === MAIN),
  ...names.filter((name) => name !== MAIN),
];
