import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";

/** The project's folder. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  /** What killed it, if something did. */
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Milliseconds from its last words to its end. */
  readonly lingered: number;
}

/** Settings of {@link run}. */
export interface RunOptions {
  readonly cwd?: string;
  /** Environment variables beside this process's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Another Node than the one that runs the tests. */
  readonly node?: string;
  readonly input?: string;
  /** Milliseconds after which it is killed. */
  readonly within?: number;
  /** Sends SIGINT when stderr first holds this. */
  readonly interruptAt?: RegExp;
}

/** Runs Node with `args`, and waits. */
export function run(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const { cwd = ROOT, env, node = process.execPath, input = "", within, interruptAt } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(node, args, { cwd, env: { ...process.env, ...env }, timeout: within, killSignal: "SIGKILL" });
    let [stdout, stderr, interrupted, last] = ["", "", false, performance.now()];
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      last = performance.now();
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      last = performance.now();
      if (interrupted || !interruptAt?.test(stderr)) return;
      interrupted = true;
      child.kill("SIGINT");
    });
    child.on("error", reject).on("close", (code, signal) => {
      resolve({ code, signal, stdout, stderr, lingered: performance.now() - last });
    });
    child.stdin.end(input);
  });
}

/** Runs the built command line. */
export const roformer = (args: readonly string[], options?: RunOptions): Promise<Ended> =>
  run([join(ROOT, "dist/cli/index.js"), ...args], options);

const made: string[] = [];
afterAll(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A folder that is gone when the file's tests are over. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "roformer-test-"));
  made.push(folder);
  return folder;
}
