import type { Tensor } from "./tensor.js";

/** Decides what becomes of a tensor whose scope ends: true if somebody else frees it. */
type Keeper = (tensor: Tensor) => boolean;

const scopes: Set<Tensor>[] = [];
const keepers: Keeper[] = [];

/** Notes a new tensor in the innermost scope. */
export function track<T extends Tensor>(tensor: T): T {
  scopes.at(-1)?.add(tensor);
  return tensor;
}

/** Moves a tensor from the innermost scope to the one that holds `owner`, with which it then ends; it stays if none does. */
export function trackBeside(tensor: Tensor, owner: Tensor): void {
  const outer = scopes.find((one) => one.has(owner));
  if (outer === undefined) return;
  untrack(tensor);
  outer.add(tensor);
}

/** Takes a tensor out of the innermost scope: the caller frees it. */
export function untrack(tensor: Tensor): void {
  scopes.at(-1)?.delete(tensor);
}

/** Runs `body` outside every scope: what it makes lives until it is freed by hand. */
export function noScope<T>(body: () => T): T {
  const outer = scopes.splice(0);
  try {
    return body();
  } finally {
    scopes.push(...outer);
  }
}

/** While `body` runs, tensors that `keeper` claims survive the end of their scope. */
export function withKeeper<T>(keeper: Keeper, body: () => T): T {
  keepers.push(keeper);
  try {
    return body();
  } finally {
    keepers.splice(keepers.lastIndexOf(keeper), 1);
  }
}

/**
 * Runs `body` and frees every tensor made in it, but those in its result (a tensor, or an array or record of tensors),
 * which pass to the scope around, and those that a tape needs for its gradients. `adopted` are tensors of the scope around
 * that are to end with this one.
 */
export function scope<T>(body: () => T, adopted: readonly Tensor[] = []): T {
  const mine = new Set<Tensor>();
  for (const tensor of adopted) if (scopes.at(-1)?.delete(tensor)) mine.add(tensor);
  scopes.push(mine);
  let returned: ReadonlySet<Tensor> = new Set();
  try {
    const result = body();
    returned = new Set(tensorsIn(result));
    return result;
  } finally {
    scopes.pop();
    for (const tensor of mine) {
      if (returned.has(tensor)) track(tensor);
      else if (!keepers.some((keeps) => keeps(tensor))) tensor.free();
    }
  }
}

function tensorsIn(value: unknown): Tensor[] {
  if (value === null || typeof value !== "object") return [];
  if ("slot" in value) return [value as Tensor];
  if (Array.isArray(value)) return value.flatMap(tensorsIn);
  if (value instanceof Map) return [...value.values()].flatMap(tensorsIn);
  return Object.getPrototypeOf(value) === Object.prototype ? Object.values(value).flatMap(tensorsIn) : [];
}
