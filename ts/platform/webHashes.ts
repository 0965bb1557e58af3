import type { Hash } from "./platform.js";
import { sha256 } from "./sha256.js";

/** Hashes in browsers; undefined if a page has no SHA-1 (not over https). */
export function webHash(algorithm: "sha1" | "sha256"): Hash | undefined {
  if (algorithm === "sha256") return sha256();
  return globalThis.crypto?.subtle && sha1();
}

/** SHA-1 in memory: `crypto.subtle` takes all bytes at once. */
function sha1(): Hash {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  return {
    update: (bytes) => void pieces.push(bytes.slice()),
    async hex() {
      const digest = await crypto.subtle.digest("SHA-1", await new Blob(pieces).arrayBuffer());
      return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    },
  };
}
