/** The page's element of that id, of the class that the caller expects. */
export function element<T extends Element = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no element "${id}"`);
  return found as unknown as T;
}

/** Replaces what `list` holds: an item for each row, a span for each of its texts. */
export function fill(list: Element, rows: readonly (readonly string[])[]): HTMLLIElement[] {
  const items = rows.map((texts) => {
    const item = document.createElement("li");
    for (const text of texts) item.append(Object.assign(document.createElement("span"), { textContent: text }));
    return item;
  });
  list.replaceChildren(...items);
  return items;
}

/** Says in the page what happens; `bad` is for errors. */
export function say(text: string, bad = false): void {
  const status = element("status");
  status.textContent = text;
  status.classList.toggle("bad", bad);
}

/** An error's words. */
export const words = (error: unknown): string => (error instanceof Error ? error.message : String(error));
