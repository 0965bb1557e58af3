/** Prefixes of the encoder in files of models with a head. */
const PREFIXES = ["roformer.", "bert."] as const;

/** Tensors that files may hold and that no model reads: they are computed anew, or say nothing. */
const DERIVED = [/(^|\.)embed_positions\.weight$/, /(^|\.)embeddings\.position_ids$/];

/** Copies of what a tied decoder shares, which some files hold besides: no model lacks or wants them. */
const TIED = /^cls\.predictions\.decoder\.(weight|bias)$/;

/** Other names for one parameter: what a file may call it, and what it is called here. */
const ALIASES = new Map([["cls.predictions.decoder.bias", "cls.predictions.bias"]]);

/** True for tensors that are computed instead of read. */
const isDerived = (name: string): boolean => DERIVED.some((pattern) => pattern.test(name));

/**
 * A file's name for a tensor as Hugging Face's: LayerNorm's `gamma` and `beta` (TensorFlow) are `weight` and `bias`.
 */
function modern(name: string): string {
  return name.replace(/LayerNorm\.gamma$/, "LayerNorm.weight").replace(/LayerNorm\.beta$/, "LayerNorm.bias");
}

/** Without the encoder's prefix, which a file has or has not, depending on the class that saved it. */
function bare(name: string): string {
  const prefix = PREFIXES.find((one) => name.startsWith(one));
  return prefix ? name.slice(prefix.length) : name;
}

/**
 * Finds each wanted parameter among a file's names: `found` by wanted name; `missing`; and `unexpected`, what the file holds
 * besides. A tensor under its own name wins over an alias.
 */
export function matchNames(
  wanted: readonly string[],
  held: readonly string[],
): { found: Map<string, string>; missing: string[]; unexpected: string[] } {
  const byBare = new Map<string, string>();
  for (const name of held) if (!isDerived(name)) byBare.set(bare(modern(name)), name);
  for (const [alias, name] of ALIASES) {
    const aliased = byBare.get(alias);
    if (aliased !== undefined && !byBare.has(name)) byBare.set(name, aliased);
  }
  const found = new Map<string, string>();
  const missing: string[] = [];
  for (const name of wanted) {
    const file = byBare.get(bare(name));
    if (file === undefined) missing.push(name);
    else found.set(name, file);
  }
  const used = new Set(found.values());
  return { found, missing, unexpected: held.filter((name) => !used.has(name) && !isDerived(name) && !TIED.test(name)) };
}
