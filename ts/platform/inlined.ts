/** Package files as the inlined build holds them: gzip, as base64, by name. */
export type Inlined = Readonly<Record<string, string>>;

/** Decodes a string of {@link Inlined}; synchronous in Node. */
export function inflate(text: string): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>> {
  const node = typeof process === "undefined" ? undefined : process.getBuiltinModule?.("node:zlib");
  if (node) return new Uint8Array(node.gunzipSync(Uint8Array.from(atob(text), byteOf)));
  const zipped = new Blob([Uint8Array.from(atob(text), byteOf)]).stream();
  const unzipped = new Response(zipped.pipeThrough(new DecompressionStream("gzip")));
  return unzipped.arrayBuffer().then((buffer) => new Uint8Array(buffer));
}

const byteOf = (character: string): number => character.charCodeAt(0);
