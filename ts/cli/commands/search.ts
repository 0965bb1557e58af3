import type { SearchOptions } from "../../pipelines/search.js";
import { SIMILARITIES } from "../../pipelines/similarity.js";
import { type CommandSpec, UsageError } from "../command.js";
import { modelOptions, withModel } from "../modelOptions.js";
import { type OptionSpec, oneOf, text, whole } from "../option.js";
import { print } from "../output.js";
import { oneLine, readColumns, textOptions } from "../textInputs.js";
import { given, vectorOptions, vectorSettings } from "./embed.js";

/** The option for the number of results. */
export const topOption = (what: string, usual: number): OptionSpec => ({
  flags: "--top <k>",
  help: `${what} (default: ${usual})`,
  parse: whole(1),
});

const searchOptions: readonly OptionSpec[] = [
  { flags: "--query-prompt <text>", help: "prefix of each query (default: that of the texts)", parse: text },
  {
    flags: "--query-prompt-name <name>",
    help: "name of a prompt of the model's files, as prefix of each query (default: that of the texts)",
    parse: text,
  },
  {
    flags: "--similarity-fn-name <name>",
    help: `similarity function: ${SIMILARITIES.join(", ")} (default: as the model's files say, else cosine)`,
    parse: oneOf(SIMILARITIES),
  },
  topOption("number of texts per query", 5),
];

/** The values of {@link searchOptions}. */
const searchSettings = (options: Record<string, unknown>): SearchOptions => ({
  ...vectorSettings(options),
  ...given(options, ["queryPrompt", "queryPromptName", "similarityFnName"]),
  ...(options.top !== undefined && { topK: options.top as number }),
});

/** Finds the texts of a file that are most similar to queries. */
export const search: CommandSpec = {
  name: "search",
  summary: "find the texts of a file (--data, --text) whose vectors are most similar to each query's",
  words: "[queries...]",
  options: [...modelOptions, ...textOptions, ...vectorOptions, ...searchOptions],
  required: ["model", "data"],
  async run(call) {
    const { options, words, out, signal } = call;
    if (words.length === 0) throw new UsageError("search needs at least one query");
    const { texts, where } = await readColumns("search", options, signal);
    const found = await withModel(call, { head: "base" }, (model, settings) =>
      model.search(words, texts, { ...settings, where, ...searchSettings(options) }),
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
