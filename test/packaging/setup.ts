import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** A folder that all test files of one run share: the package is packed and installed there, by the first that wants it. */
    packaging: string;
  }
}

/** Makes the folder, and removes it after the last test. */
export default function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), "roformer-packaging-"));
  project.provide("packaging", folder);
  return () => rmSync(folder, { recursive: true, force: true });
}
