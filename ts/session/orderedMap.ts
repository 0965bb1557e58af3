/**
 * Runs `work` for each item, at most `ahead` at a time, and yields the results in the order of the items. `ready` resolves when another
 * may start. What `work` or the source throws is thrown in its turn.
 */
export async function* orderedMap<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  work: (item: T) => Promise<R>,
  { ahead, ready }: { readonly ahead: number; readonly ready: () => Promise<void> },
): AsyncGenerator<R, void, undefined> {
  const started: Promise<R>[] = [];
  for await (const one of attempts(items)) {
    await ready();
    const result = (async () => {
      if ("error" in one) throw one.error;
      return work(one.item);
    })();
    result.catch(() => undefined); // it is thrown in its turn
    started.push(result);
    if (started.length >= ahead) yield await started.shift()!;
  }
  while (started.length > 0) yield await started.shift()!;
}

/** The items, then what their source throws, if it throws. */
async function* attempts<T>(
  items: Iterable<T> | AsyncIterable<T>,
): AsyncGenerator<{ readonly item: T } | { readonly error: unknown }, void, undefined> {
  try {
    for await (const item of items) yield { item };
  } catch (error) {
    yield { error };
  }
}
