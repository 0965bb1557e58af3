import { createSession } from "roformer/session";
import proverbs from "./proverbs.txt?raw";
import { closest, keptVectors } from "./vectors.js";

/** Another model is `?model=hf:owner/name`, or `?model=folder/` of a folder on this server. */
const asked = new URLSearchParams(location.search).get("model") ?? "hf:sentence-transformers/all-MiniLM-L6-v2";
const address = new URL(asked, location.href).href;
const texts = proverbs.trim().split("\n");

const query = document.querySelector<HTMLInputElement>("#query")!;
const status = document.querySelector<HTMLElement>("#status")!;
const progress = document.querySelector<HTMLProgressElement>("#progress")!;
const hits = document.querySelector<HTMLOListElement>("#hits")!;

function say(text: string, bad = false): void {
  status.textContent = text;
  status.classList.toggle("bad", bad);
}

/** The model in a worker of its own, and the texts' vectors: of an earlier visit, or made now. */
async function prepare() {
  const session = await createSession();
  say(`Loading ${asked} …`);
  const model = await session.load(address, {
    onProgress: ({ loaded, total }) => {
      if (total !== undefined) progress.value = loaded / total;
    },
  });
  say(`Reading ${texts.length} proverbs …`);
  const vectors = await keptVectors([address, ...texts].join("\n"), () =>
    model.embed(texts, {
      normalize: true,
      batchTokens: 512, // small batches, so that the progress moves
      onProgress: ({ done, total }) => {
        progress.value = done / total;
      },
    }),
  );
  return { model, vectors };
}

const ready = prepare();
let current: AbortController | undefined;

/** Searches for what is typed; the search for what was typed before is given up. */
async function search(): Promise<void> {
  current?.abort();
  current = new AbortController();
  const { signal } = current;
  const text = query.value.trim();
  try {
    const { model, vectors } = await ready;
    if (signal.aborted) return;
    if (text === "") return show([], "Type something, or try one of the queries above.");
    const started = performance.now();
    const vector = await model.embed(text, { normalize: true, signal });
    if (signal.aborted) return;
    const found = closest(vector, vectors, 8);
    show(found, `The closest of ${texts.length} proverbs, found in ${Math.ceil(performance.now() - started)} ms`);
  } catch (error) {
    if (!signal.aborted) say(error instanceof Error ? error.message : String(error), true);
  }
}

function show(found: readonly [index: number, cosine: number][], words: string): void {
  const items = found.map(([index, cosine]) => {
    const item = document.createElement("li");
    for (const text of [texts[index]!, cosine.toFixed(2)])
      item.append(Object.assign(document.createElement("span"), { textContent: text }));
    item.style.setProperty("--share", `${100 * Math.max(0, cosine)}%`);
    return item;
  });
  hits.replaceChildren(...items);
  say(words);
}

query.addEventListener("input", search);
document.querySelector("#tries")!.addEventListener("click", ({ target }) => {
  if (!(target instanceof HTMLButtonElement)) return;
  query.value = target.textContent!;
  void search();
});
document.querySelector("#about")!.textContent =
  `Model: ${asked}. What came from the hub, and the proverbs' vectors, stay in the browser's cache for the next visit.`;
await search(); // what the browser has kept in the field, or what was typed meanwhile
progress.hidden = true;
