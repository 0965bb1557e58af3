import { AbortError, CheckpointError } from "../../errors.js";
import type { Files, SourceOptions } from "../../io/files.js";
import { openWeightFile } from "../../io/formats.js";
import { matchNames } from "../../io/names.js";
import { quote, type Weights } from "../../io/weights.js";
import { familyOf } from "../families.js";
import { inWords, list, type Mismatch } from "../fit.js";
import type { Network } from "../network.js";
import { ADAPTER_WEIGHTS, adapterTensors, PREFIX } from "./files.js";
import type { AppliedLora } from "./settings.js";

/** The weights of an adapter, by names without PEFT's prefix and its adapters' names. */
export interface AdapterWeights {
  /** The file. */
  readonly weights: Weights;
  /** Its names of the tensors, by the names that `PeftModel.save_pretrained` gives them, without the prefix. */
  readonly names: ReadonlyMap<string, string>;
}

/** Opens the weights of an adapter's folder. Errors: CheckpointError. */
export async function openAdapterWeights(files: Files): Promise<AdapterWeights> {
  const [first, second] = ADAPTER_WEIGHTS;
  const file = !(await files.has(first)) && (await files.has(second)) ? second : first;
  const weights = await openWeightFile(files, file);
  const names = new Map<string, string>();
  for (const held of weights.tensors.keys()) {
    // What a module was before it was trained: a copy of the base's.
    if (held.includes(".original_module.")) continue;
    const name = plainName(held);
    if (!names.has(name) || name === held.slice(PREFIX.length)) names.set(name, held);
  }
  return { weights, names };
}

/** A state dictionary may have the adapter's name in its keys, which saved files leave out. */
const plainName = (held: string): string =>
  (held.startsWith(PREFIX) ? held.slice(PREFIX.length) : held)
    .replace(/\.modules_to_save(\.default)?\./, ".")
    .replace(/\.(lora_[AB])\.default\./, ".$1.");

const isOfAdapter = (name: string): boolean => /\.lora_[^.]+\.[^.]+$/.test(name);

/** How an adapter's tensors fit a network: the file's names by the parameters'. */
export type AdapterFit = ReadonlyMap<string, string>;

/**
 * Finds each tensor of an adapter. Errors: CheckpointError that lists what is missing, of another shape, or not the adapter's; unless `strict`,
 * modules that are trained whole may be so, and are left out.
 */
export function fitAdapter(
  { weights, names }: AdapterWeights,
  { store, config }: Network,
  lora: AppliedLora,
  strict: boolean,
): AdapterFit {
  const tensors = adapterTensors(store, lora);
  const byFile = new Map(tensors);
  const rules = { ...familyOf(config).fileNames, prefixes: [] };
  const { found, missing, unexpected } = matchNames([...byFile.keys()], [...names.keys()], rules);
  const mismatched = [...found].flatMap(([name, held]): Mismatch[] => {
    const [shape, wanted] = [weights.tensors.get(names.get(held)!)!.shape, byFile.get(name)!.shape];
    return shape.join() === wanted.join() ? [] : [{ name, shape, wanted }];
  });
  const counts = (name: string) => strict || isOfAdapter(name);
  const absent = missing.filter((name) => !store.isBuffer(name) && counts(name));
  const wrong = mismatched.filter(({ name }) => counts(name));
  const stray = unexpected.filter(counts);
  if (absent.length + wrong.length + stray.length > 0)
    throw new CheckpointError(
      `${weights.name} does not fit its adapter_config.json and the base model.${list("Missing", absent)}` +
        `${list("Wrong shapes", wrong.map(inWords))}${list("Unexpected", stray.map(quote))}`,
    );
  for (const { name } of mismatched) found.delete(name);
  return new Map([...found].map(([name, held]) => [byFile.get(name)!.name, names.get(held)!]));
}

/** Reads an adapter's tensors into the parameters of its model. */
export async function fillAdapter(
  { store }: Network,
  { weights }: AdapterWeights,
  fit: AdapterFit,
  { signal }: SourceOptions,
): Promise<void> {
  for (const parameter of store.saved) {
    const held = fit.get(parameter.name);
    if (held === undefined) continue;
    if (signal?.aborted) throw new AbortError("load was aborted", { cause: signal.reason });
    await parameter.writePieces(weights.pieces(held));
  }
}
