import type { LoraSettings } from "../models/lora/settings.js";
import * as rules from "../train/settings/rules.js";
import { flag, type OptionSpec, ruled, whole } from "./option.js";

/** Options that train adapters (LoRA) in place of all weights. */
export const loraOptions: readonly OptionSpec[] = [
  {
    flags: "--lora",
    help: "train low-rank adapters and the head alone (LoRA); saves a PEFT adapter folder",
    parse: flag,
    isFlag: true,
  },
  { flags: "--lora-r <rank>", help: "rank of the adapters (default: 8); implies --lora", parse: whole(1) },
  {
    flags: "--lora-alpha <number>",
    help: "adapters are scaled by this / rank (default: 16); implies --lora",
    parse: ruled(rules.positive),
  },
  {
    flags: "--lora-dropout <rate>",
    help: "dropout of the adapters' inputs (default: 0); implies --lora",
    parse: ruled(rules.rate),
  },
  {
    flags: "--lora-targets <names>",
    help: "layers with adapters, commas between, or all-linear (default: query,value); implies --lora",
    parse: ruled(rules.texts),
  },
];

/** The adapters that the options ask for; undefined for none. */
export function loraOf(given: Record<string, unknown>): LoraSettings | undefined {
  const { lora, loraR, loraAlpha, loraDropout, loraTargets } = given as {
    [K in "loraR" | "loraAlpha" | "loraDropout"]?: number;
  } & { lora?: boolean; loraTargets?: readonly string[] };
  const set = [loraR, loraAlpha, loraDropout, loraTargets].some((value) => value !== undefined);
  if (!lora && !set) return undefined;
  const targetModules = loraTargets?.join() === "all-linear" ? "all-linear" : loraTargets;
  return { r: loraR, loraAlpha, loraDropout, targetModules };
}
