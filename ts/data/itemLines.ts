/**
 * The first line of each item of a list in a JSON text. Without `keys`, the list is the root. Else the root is an object,
 * `keys[0]` of it a list of objects, `keys[1]` of each a list of objects, and so on; the last lists are meant. The text
 * must be valid JSON.
 */
export function* itemLines(text: string, keys: readonly string[] = []): Generator<number> {
  // The path alternates between objects and lists; the first `matched` of the `depth` open brackets are on it.
  const length = Math.max(1, 2 * keys.length);
  let [line, depth, matched, key, isNext] = [1, 0, 0, "", false];
  const isOn = (isList: boolean) =>
    depth === matched &&
    matched < length &&
    isList === ((length - matched) % 2 === 1) &&
    (matched % 2 === 0 || key === keys[(matched - 1) / 2]);
  for (let at = 0; at < text.length; at++) {
    const c = text[at]!;
    if (c === "\n") line++;
    if (c === "\n" || c === " " || c === "\t") continue;
    if (isNext && c !== "]") yield line;
    if (c === ",") isNext = depth === matched && matched === length;
    else {
      isNext = false;
      if (c === '"') {
        const end = stringEnd(text, at);
        // In an object of the path, the last string before a list is its key.
        if (depth === matched && matched < length) key = JSON.parse(text.slice(at, end)) as string;
        at = end - 1;
      } else if (c === "[" || c === "{") {
        const isPart = isOn(c === "[");
        depth++;
        if (isPart) matched++;
        isNext = isPart && matched === length;
      } else if (c === "]" || c === "}") {
        if (depth === matched) matched--;
        depth--;
      }
    }
  }
}

/** The end of the string that starts at `from`. */
function stringEnd(text: string, from: number): number {
  for (let at = text.indexOf('"', from + 1); ; at = text.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (text[at - 1 - backslashes] === "\\") backslashes++;
    if (backslashes % 2 === 0) return at + 1;
  }
}
