/** How a file's names for parameters differ from a model's. */
export interface NameRules {
  /** Prefixes of the encoder in files of models with a head: `bert.`. */
  readonly prefixes: readonly string[];
  /** Other names for one parameter: what a file may call it, and what the model calls it, both without a prefix. */
  readonly aliases: Readonly<Record<string, string>>;
  /** Copies of what the model shares, which some files hold besides: no model lacks or wants them. */
  readonly copies: readonly string[];
}

/** Name parts added by wrappers of modules: torch.compile, FSDP, activation checkpointing. */
const WRAPPED = /(^|\.)(?:_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)\./g;

/** Prefixes of every name in a model that is part of another: DataParallel's, Lightning's or a custom class's. */
const HOLDERS = /^(?:(?:module|model)\.)+/;

/** Tensors in files that no model reads: they are computed, or hold no information. */
const DERIVED = [/(^|\.)embed_positions\.weight$/, /(^|\.)embeddings\.(position_ids|token_type_ids)$/];

/** Whether a tensor is computed instead of read. */
const isDerived = (name: string): boolean => DERIVED.some((pattern) => pattern.test(name));

/** Removes wrappers from a tensor's name in a file: `model.module.bert.pooler` becomes `bert.pooler`. */
function unwrapped(name: string): string {
  let inner = name;
  for (let before = ""; before !== inner; ) {
    before = inner;
    inner = inner.replace(WRAPPED, "$1");
  }
  return inner.replace(HOLDERS, "");
}

/**
 * Converts a tensor's name in a file to Hugging Face's: LayerNorm's `gamma` and `beta` (TensorFlow) are `weight` and `bias`.
 */
function modern(name: string): string {
  return name.replace(/LayerNorm\.gamma$/, "LayerNorm.weight").replace(/LayerNorm\.beta$/, "LayerNorm.bias");
}

/** Removes the encoder's prefix, which depends on the class that saved the file. */
function bare(name: string, prefixes: NameRules["prefixes"]): string {
  const prefix = prefixes.find((one) => name.startsWith(one));
  return prefix ? name.slice(prefix.length) : name;
}

/** The names in a file by the names here, without the encoder's prefix. Of two for the same name, the less wrapped one wins. */
export function bareNames(held: Iterable<string>, prefixes: NameRules["prefixes"]): Map<string, string> {
  const byBare = new Map<string, string>();
  for (const name of held) {
    if (isDerived(name)) continue;
    const short = bare(modern(unwrapped(name)), prefixes);
    const other = byBare.get(short);
    if (other === undefined || name.length - unwrapped(name).length <= other.length - unwrapped(other).length)
      byBare.set(short, name);
  }
  return byBare;
}

/**
 * Matches parameters with the names in a file: `found`, by parameter; `missing`; and `unexpected`, the other names in the
 * file. A tensor's own name takes precedence over an alias.
 */
export function matchNames(
  wanted: readonly string[],
  held: readonly string[],
  { prefixes, aliases, copies }: NameRules,
): { found: Map<string, string>; missing: string[]; unexpected: string[] } {
  const byBare = bareNames(held, prefixes);
  for (const [alias, name] of Object.entries(aliases)) {
    const aliased = byBare.get(alias);
    if (aliased !== undefined && !byBare.has(name)) byBare.set(name, aliased);
  }
  const found = new Map<string, string>();
  const missing: string[] = [];
  for (const name of wanted) {
    const file = byBare.get(bare(name, prefixes));
    if (file === undefined) missing.push(name);
    else found.set(name, file);
  }
  const used = new Set(found.values());
  const isKnown = (name: string) => used.has(name) || isDerived(name) || copies.includes(unwrapped(name));
  return { found, missing, unexpected: held.filter((name) => !isKnown(name)) };
}
