import type { MaskGuess } from "../../pipelines/fillMask.js";
import type { CommandSpec } from "../command.js";
import { modelOptions, withModel } from "../modelOptions.js";
import { print } from "../output.js";
import { readGroups, textOptions } from "../textInputs.js";
import { topOption } from "./search.js";

/** Predicts masked words. */
export const fillMask: CommandSpec = {
  name: "fill-mask",
  summary: "predict the words behind [MASK]",
  words: "[texts...]",
  options: [...modelOptions, ...textOptions, topOption("number of predictions per mask", 5)],
  required: ["model"],
  async run(call) {
    const { top } = call.options as { top?: number };
    const groups = await readGroups("fill-mask", call.options, call.words, call.signal);
    await withModel(call, { head: "masked-lm" }, async (model, settings) => {
      for await (const { texts, where } of groups) {
        const found = await model.fillMask(texts, { ...settings, where, ...(top !== undefined && { topK: top }) });
        const lines = found.flatMap((guesses, i) =>
          byMask(guesses).map((own) =>
            call.out.json ? JSON.stringify(own.map((guess) => ({ ...guess, text: texts[i] }))) : shown(own),
          ),
        );
        await print(lines);
      }
    });
    return undefined;
  },
};

function byMask(guesses: readonly MaskGuess[]): MaskGuess[][] {
  const count = guesses.reduce((most, { mask }) => Math.max(most, mask + 1), 0);
  return Array.from({ length: count }, (_, wanted) => guesses.filter(({ mask }) => mask === wanted));
}

const shown = (guesses: readonly MaskGuess[]): string =>
  guesses.map(({ token, score, sequence }) => `${score.toFixed(4)}\t${token}\t${sequence}`).join("\n");
