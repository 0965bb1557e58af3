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
  readonly stdout: string;
  readonly stderr: string;
}

/** Settings of {@link run}. */
export interface RunOptions {
  readonly cwd?: string;
  readonly input?: string;
  /** Sends SIGINT when stderr first holds this. */
  readonly interruptAt?: RegExp;
}

/** Runs Node with `args`, and waits. */
export function run(args: readonly string[], { cwd = ROOT, input = "", interruptAt }: RunOptions = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd });
    let [stdout, stderr, interrupted] = ["", "", false];
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      if (interrupted || !interruptAt?.test(stderr)) return;
      interrupted = true;
      child.kill("SIGINT");
    });
    child.on("error", reject).on("close", (code) => resolve({ code, stdout, stderr }));
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
