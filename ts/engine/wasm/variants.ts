import { platform } from "../../platform/index.js";
import * as glue from "../../wasm/glue.js";

/** A build of the kernels: with or without relaxed SIMD, for one thread or for several that share memory. */
export type Variant = "simd" | "relaxed" | "simd-threads" | "relaxed-threads";

/** All of them. */
export const VARIANTS: readonly Variant[] = ["simd", "relaxed", "simd-threads", "relaxed-threads"];

/** A module that holds one `f32x4.relaxed_madd`: it is valid where relaxed SIMD is to be had. */
const RELAXED = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 8, 1, 96, 3, 123, 123, 123, 1, 123, 3, 2, 1, 0],
  ...[10, 13, 1, 11, 0, 32, 0, 32, 1, 32, 2, 253, 133, 2, 11],
);

/** A module with a shared memory and an atomic load. */
const THREADS = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 5, 4, 1, 3, 1, 1],
  ...[10, 11, 1, 9, 0, 65, 0, 254, 16, 2, 0, 26, 11],
);

/** Most threads of an engine. */
export const MOST_THREADS = 64;

/** True where WebAssembly has relaxed SIMD. Node 20 has it behind a flag: {@link enableRelaxedSimd}. */
export function hasRelaxedSimd(): boolean {
  return WebAssembly.validate(RELAXED);
}

/**
 * Asks V8 for relaxed SIMD where it is there but off (Node 20). The flag counts for the whole process and for what is
 * compiled from then on, so a library sets it only when asked to.
 */
export function enableRelaxedSimd(): void {
  if (hasRelaxedSimd() || typeof process === "undefined" || !process.versions?.node) return;
  // A V8 that does not know the flag writes a complaint to stderr: only versions 20 have it.
  if (!process.versions.node.startsWith("20.")) return;
  process.getBuiltinModule?.("node:v8").setFlagsFromString("--experimental-wasm-relaxed-simd");
}

/** Which build a module is, by the section in which compilers note what they used. */
export function variantOf(module: WebAssembly.Module): Variant {
  const noted = WebAssembly.Module.customSections(module, "target_features").map((bytes) =>
    new TextDecoder().decode(bytes),
  );
  const base = noted.some((features) => features.includes("+\frelaxed-simd")) ? "relaxed" : "simd";
  const shares = WebAssembly.Module.imports(module).some(({ kind }) => kind === "memory");
  return shares ? `${base}-threads` : base;
}

/** Why the engine has one thread whatever is asked for; undefined where it can have more. */
export function whyOneThread(): string | undefined {
  if (!glue.threaded) return "this copy of the package was built without threads (Rust's sources were missing)";
  return platform.whyNoThreads() ?? (WebAssembly.validate(THREADS) ? undefined : "WebAssembly has no threads here");
}

/** What runs, and why. */
export interface Choice {
  /** The build of the kernels. */
  readonly variant: Variant;
  /** Threads of the engine, the caller's among them. */
  readonly threads: number;
  /** A sentence for each decision. */
  readonly reasons: readonly string[];
}

/** The fastest build of this runtime for `wanted` threads ("auto": as many as cores), and why it is that one. */
export function chooseVariant(wanted: number | "auto"): Choice {
  const relaxed = hasRelaxedSimd();
  const reasons = [
    relaxed
      ? "relaxed SIMD is supported"
      : "relaxed SIMD is not supported, or needs init({ v8Flags: true }) in Node 20: about a quarter slower",
  ];
  const cores = platform.cores();
  const count = Math.min(wanted === "auto" ? cores : wanted, MOST_THREADS);
  const obstacle = whyOneThread();
  if (obstacle !== undefined) reasons.push(`one thread: ${obstacle}`);
  else
    reasons.push(
      `${count} thread${count === 1 ? "" : "s"}: ${wanted === "auto" ? `${cores} core${cores === 1 ? "" : "s"}` : "asked for"}`,
    );
  const threads = obstacle === undefined ? count : 1;
  const base = relaxed ? "relaxed" : "simd";
  return { variant: threads > 1 ? `${base}-threads` : base, threads, reasons };
}
