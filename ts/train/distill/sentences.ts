/** Words after which a period does not end a sentence. */
const ABBREVIATIONS =
  /(?:^|\s)(?:mr|mrs|ms|dr|st|prof|capt|gen|col|sen|rep|rev|hon|jr|sr|vs|etc|no|vol|fig|e\.g|i\.e|[a-z])\.$/i;

/** The end of a sentence, with what closes it, and the space before the next one. Chinese and Japanese have no space there. */
const END = /(?:[.!?…]["'”’)\]]*\s+(?=["'“‘([]?[\p{Lu}\p{N}])|[。！？]["'”’」』）]*\s*)/gu;

/** The sentences of a paragraph of running text, whose lines may be broken anywhere. */
export function sentencesOf(paragraph: string): string[] {
  const text = paragraph.replace(/\s+/g, " ").trim();
  const found: string[] = [];
  let from = 0;
  for (const { 0: end, index } of text.matchAll(END)) {
    const sentence = text.slice(from, index + end.length).trim();
    if (ABBREVIATIONS.test(sentence)) continue;
    found.push(sentence);
    from = index + end.length;
  }
  found.push(text.slice(from));
  return found.filter((sentence) => sentence !== "");
}

/** The paragraphs of lines: a blank line ends one. */
export async function* paragraphsOf(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let open: string[] = [];
  for await (const line of lines) {
    if (line.trim() !== "") {
      open.push(line);
      continue;
    }
    if (open.length > 0) yield open.join(" ");
    open = [];
  }
  if (open.length > 0) yield open.join(" ");
}
