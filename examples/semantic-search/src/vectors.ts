/** The vectors that the browser has kept under `key`; where it has none, those that `make` gives, which it keeps. */
export async function keptVectors(key: string, make: () => Promise<Float32Array[]>): Promise<Float32Array[]> {
  const cache = await openCache();
  if (!cache) return make();
  const address = `https://vectors.invalid/${await digest(key)}`; // a cache's keys are addresses; this one leads nowhere
  const kept = await cache.match(address);
  if (kept) return divide(new Float32Array(await kept.arrayBuffer()), Number(kept.headers.get("X-Width")));
  const vectors = await make();
  const width = vectors[0]?.length ?? 0;
  const joined = new Float32Array(vectors.length * width);
  for (const [i, vector] of vectors.entries()) joined.set(vector, i * width);
  // Where the disk is full they are made again next time.
  await cache.put(address, new Response(joined, { headers: { "X-Width": String(width) } })).catch(() => undefined);
  return vectors;
}

/** Pages that did not come over https, and private windows of some browsers, have none. */
async function openCache(): Promise<Cache | undefined> {
  try {
    return await caches.open("vectors");
  } catch {
    return undefined;
  }
}

async function digest(text: string): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  const hash = await crypto.subtle.digest("SHA-256", bytes);
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const divide = (joined: Float32Array, width: number): Float32Array[] =>
  Array.from({ length: joined.length / width }, (_, i) => joined.subarray(i * width, (i + 1) * width));

/** Numbers of the `count` vectors that are closest to `query`, and their cosines; all have length 1. */
export function closest(query: Float32Array, vectors: readonly Float32Array[], count: number): [number, number][] {
  const cosines = vectors.map((vector, i): [number, number] => [
    i,
    vector.reduce((sum, x, j) => sum + x * query[j]!, 0),
  ]);
  return cosines.sort((a, b) => b[1] - a[1]).slice(0, count);
}
