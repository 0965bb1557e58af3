import { type CommandSpec, UsageError } from "../command.js";
import { modelOptions, withModel } from "../modelOptions.js";
import { type OptionSpec, whole } from "../option.js";
import { print } from "../output.js";
import { oneLine, readColumns, textOptions } from "../textInputs.js";
import { poolingOf, poolingOptions } from "./embed.js";

/** The option for how many results are wanted. */
export const topOption = (what: string, usual: number): OptionSpec => ({
  flags: "--top <k>",
  help: `${what} (default: ${usual})`,
  parse: whole(1),
});

/** Finds the texts of a file that are likest to queries. */
export const search: CommandSpec = {
  name: "search",
  summary: "find the texts of a file (--data, --text) whose vectors are likest to each query's",
  words: "[queries...]",
  options: [...modelOptions, ...textOptions, ...poolingOptions, topOption("texts found for each query", 5)],
  required: ["model", "data"],
  async run(call) {
    const { options, words, out, signal } = call;
    if (words.length === 0) throw new UsageError("search needs one query or more");
    const { texts } = await readColumns("search", options, signal);
    const { top } = options as { top?: number };
    const found = await withModel(call, { head: "base" }, (model, settings) =>
      model.search(words, texts, { ...settings, ...poolingOf(options), ...(top !== undefined && { topK: top }) }),
    );
    const lines = found.map((hits, i) => {
      const named = hits.map((hit) => ({ ...hit, text: texts[hit.index]! }));
      if (out.json) return JSON.stringify({ query: words[i], hits: named });
      const each = named.map(({ score, text }) => `${score.toFixed(4)}\t${oneLine(text).slice(0, 100)}`);
      return [...(words.length > 1 ? [words[i]!] : []), ...each].join("\n");
    });
    await print(lines);
    return undefined;
  },
};
