/** Which build of the kernels this runtime can run. */
export type Variant = "simd" | "relaxed";

/** A module that holds one `f32x4.relaxed_madd`: it is valid where relaxed SIMD is to be had. */
const RELAXED = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 8, 1, 96, 3, 123, 123, 123, 1, 123, 3, 2, 1, 0],
  ...[10, 13, 1, 11, 0, 32, 0, 32, 1, 32, 2, 253, 133, 2, 11],
);

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

/** The fastest variant of this runtime, and why it is that one. */
export function chooseVariant(): { variant: Variant; reason: string } {
  return hasRelaxedSimd()
    ? { variant: "relaxed", reason: "relaxed SIMD is supported" }
    : { variant: "simd", reason: "relaxed SIMD is not supported, or needs init({ v8Flags: true }) in Node 20" };
}
